"""Australia's list of events, AUeventLIST 1.0: which terms an event may be called by for each code."""

from __future__ import annotations

#: Terms of tier I, then the codes below each with its term of tier II; a code without one stands for tier I itself.
_LIST = """\
Administration: admin
Air Quality: airQuality
Animal Health: animalHealth, animalDiseas Animal Disease, animalFeed Animal Feed, animalPest Animal Pest
Animal Health: aqAnimalDiseas Aquatic Animal Disease, aqAnimalPest Aquatic Animal Pest, animalWelfar Animal Welfare
Animal Health: marineDiseas Marine Disease, marinePest Marine Pest, aQuarantine Animal Quarantine
Animal Health: sheepWarning Sheep Grazier Warning
Animals: animalAttack Animal Attack, animalDanger Dangerous Animal, plague Plague
Aviation: aviation, aircraftCrsh Aircraft Crash, aircraft Aircraft Incident, airportClos Airport Closure
Aviation: airspaceClos Airspace Closure, avLightning Airport Lightning Threat, avThunder Airport Thunder Threat
Aviation: aviationSec Aviation Security, fallObject Falling Object, notam Notice To Airmen
Aviation: spaceDebris Satellite / Space Re-entry debris
Civil: civil, bldgCollapse Building Collapse, civilEmerg Civil Emergency, demonstratin Demonstration
Civil: civilEvent Public Event, volunteer Volunteer Request
Criminal Activity: crime, cyberCrime Cyber Crime, dangerPerson Dangerous Person, terrorism Terrorism
Fire: fire, bushFire Bushfire, fireBan Fire Ban, fireDangrLvl Fire Danger Level, forestFire Forest Fire
Fire: fireWeather Fire Weather, grassFire Grass Fire, industryFire Industrial Fire, smoke Smoke Alert
Fire: structurFire Structure Fire, TotalFireBan Total Fire Ban
Flood: flood, damFailure Dam Failure, flashFlood Flash Flood, highWater High Water Level, kingTide King Tide
Flood: leveeFailure Levee Failure, stormSurge Storm Surge, riverineflod Riverine Flood
Geological: geologicalHaz, avalanche Avalanche, earthquake Earthquake, karst Karst Hazard, lahar Lahar
Geological: landslide Landslide, lavaFlow Lava Flow, magnetcStorm Magnetic Storm, meteor Meteorite
Geological: pyroclasFlow Pyroclastic Flow, pyroclaSurge Pyroclastic Surge, tsunami Tsunami
Geological: volcanicAsh Volcanic Ash Cloud, volcano Volcano
Hazardous Materials: hazmat, asbestos Asbestos, biological Biological Hazard, chemical Chemical Hazard
Hazardous Materials: explosive Explosive Hazard, pollution Major Pollution, radiological Radiological Hazard
Hazardous Materials: toxicPlume Toxic Plume
Health: health, ambulance Ambulance, bloodSupply Blood Supply, communicable Communicable Disease
Health: drinkingWate Drinking Water, drugSafety Drug Safety, drugSupply Drug Supply, foodSafety Food Safety
Health: foodSupply Food Supply, hospital Hospital, hQuarantine Human Quarantine, zoonoticDis Zoonotic Disease
Marine: marine, freezngSpray Freezing Spray, galeWind Gale Wind, HurricFrcWnd Hurricane Force Wind, iceberg Iceberg
Marine: largeSurf Large Coastal Surf, largeSwell Large Swell Waves, maritimeSec Maritime / Marine Security
Marine: nautical Nautical Incident, oilSpill Oil Spill, squall Squall, stormFrcWind Storm Force Wind
Marine: strongWind Strong Wind, waterspout Waterspout
Missing Person: missingPer, missingVPer Missing Vulnerable Person
Other Non-Urgent Alerts: other
Other Urgent Alerts: otherUrgent
Plant Health: plant, plantInfect Plant Infectious Disease, plantPest Plant Pest, pQuarantine Plant Quarantine
Preparedness Reminders: reminder Emergency Preparedness Reminder
Product Safety: product
Public Services: publicServic, facilityClos Facility Closure, facilityLock Facility Lockdown
Public Services: facility Service or Facility, transit Transit
Railway: railway, railIncident Railway Incident, railCrash Train / Rail Crash
Rescue: rescue, distressBcon Distress Beacon
Roadway: road, bridgClose Bridge Closure, bridgCollaps Bridge Collapse, roadHazard Hazardous Road Conditions
Roadway: roadCrash Motor Vehicle Accident, roadClose Roadway Closure, roadDelay Roadway Delay
Roadway: roadIncident Roadway Incident, roadUsage Roadway Usage Condition, traffic Traffic Report
Search: search, waterSearch Over Water Search, landSearch Over Land Search, airSearch Air Search
Storm: storm, blizzard Blizzard, dustStorm Dust Storm, hail Hail, rainfall Rainfall, snowfall Snowfall
Storm: thunderstorm Thunderstorm, tornado Tornado, tropCyclone Tropical Cyclone, weather Weather
Temperature: temperature, extremeHeat Extreme Heat, exposure Exposure, frost Frost, windChill Wind Chill
Test Message: testMessage
Utility: utility, cable Cable Service, comunication Communications Service, diesel Diesel Supply
Utility: electric Electricity Supply, heatingOil Heating Oil Supply, internet Internet Service
Utility: landlines Landline Service, Mobiles Mobile Service, naturalGas Natural Gas Supply, petrol Petrol Supply
Utility: pipeRupture Pipeline Rupture, satellite Satellite Service, sewer Sewer System, telephone Telephone Service
Utility: tripleZero Triple Zero, waste Waste Management, water Water Supply
Wind: wind, windChange Wind Change
Water quality: water, blueGrnAlgae Blue Green Algae
"""


def _read(listed: str) -> dict[str, tuple[str, ...]]:
    terms: dict[str, tuple[str, ...]] = {}
    for line in listed.splitlines():
        first, _, items = line.partition(": ")
        for item in items.split(", "):
            code, _, second = item.partition(" ")
            # `water` stands in the list twice, for its supply and for its quality.
            terms[code] = (*terms.get(code, ()), *filter(None, (first, second)))
    return terms


#: The terms of tier I and II by code. Codes are written as the list has them, not all of them in lower camel case.
TERMS = _read(_LIST)
