"""Makes and models of road vehicles sold in North America, with the abbreviations of NCIC. Written for this project from common
knowledge; a model that is missing here is left out of a card, never guessed."""

from __future__ import annotations

import re

_MAKES = """
Acura: acur | CL ILX Integra Legend MDX NSX RDX RL RLX RSX TL TLX TSX Vigor ZDX
Alfa Romeo: alfa | Giulia Stelvio Tonale
Aston Martin: |
Audi: | A3 A4 A5 A6 A7 A8 Allroad Q3 Q5 Q7 Q8 S3 S4 S5 S6 TT E-Tron Q4 SQ5 SQ7 RS5
Bentley: |
BMW: bmw | 320i 325i 328i 330i 335i 525i 528i 530i 535i 740i 750i X1 X2 X3 X4 X5 X6 X7 Z3 Z4 M3 M5 i3 228i 230i 330e 340i 428i 430i 440i 540i M340i 3_Series 5_Series 7_Series iX i4 M4
Buick: buic | Cascada Century Enclave Encore Envision LaCrosse LeSabre Lucerne Park_Avenue Rainier Regal Rendezvous Riviera Roadmaster Skylark Terraza Verano Encore_GX Envista
Cadillac: cadi caddy | ATS CT4 CT5 CT6 CTS Deville DTS Eldorado Escalade Fleetwood Seville SRX STS XLR XT4 XT5 XT6 XTS Lyriq Escalade_ESV
Chevrolet: chev chevy | Cheyenne C10 K10 C20 Beat Sail Matiz Optra City_Express Astro Avalanche Aveo Blazer Bolt C1500 C/K K1500 Camaro Caprice Captiva Cavalier Celebrity Chevelle Classic Cobalt Colorado Corsica Corvette Cruze El_Camino Equinox Express Express_1500 Express_2500 Express_3500 HHR Impala Lumina Malibu Metro Monte_Carlo Prizm S-10 S10 Silverado Silverado_1500 Silverado_2500 Silverado_2500HD Silverado_3500 Sonic Spark SSR Suburban Tahoe Tracker Trailblazer Traverse Trax Uplander Venture Volt Onix Groove Tornado Nova Chevette Beretta Orlando Silverado_1500HD Suburban_1500 Bolt_EUV Montana Spin Lumina_APV Bel_Air
Chrysler: chry | 200 300 300C 300M Aspen Cirrus Concorde Crossfire Fifth_Avenue LeBaron LHS Pacifica PT_Cruiser Sebring Town_&_Country Town_and_Country Voyager Grand_Voyager
Daewoo: | Lanos Leganza Nubira
Dodge: dodg | Avenger Caliber Caravan Challenger Charger Dakota Dart Durango Grand_Caravan Hornet Intrepid Journey Magnum Neon Nitro Ram Ram_1500 Ram_2500 Ram_3500 Ram_Van Shadow Spirit Sprinter Stealth Stratus Viper Attitude Vision Dynasty Ramcharger Grand_Caravan_SE Omni Ramcharger
Fiat: | 500 500L 500X Uno Palio Mobi Argo Pulse
Fleetwood: | Bounder Discovery Southwind Terra
Ford: | LTD Ikon Lightning Aerostar Aspire Bronco Bronco_Sport C-Max Contour Crown_Victoria Crown_Vic E-150 E-250 E-350 E-450 EcoSport Econoline Edge Escape Escort Excursion Expedition Explorer F-150 F-250 F-350 F-450 F-550 Fiesta Five_Hundred Flex Focus Freestar Freestyle Fusion Galaxie Interceptor Maverick Mustang Mustang_Mach-E Police_Interceptor Probe Ranger Taurus Tempo Thunderbird Transit Transit_Connect Windstar Lobo Courier Ranchero F-100 Figo Territory Torino Transit_250 Expedition_MAX Mustang_Mach-E Mach-E Explorer_Sport_Trac Sport_Trac Club_Wagon Fairmont Galaxy Ka
Freightliner: frht | Cascadia Columbia M2
Genesis: | G70 G80 G90 GV70 GV80 GV60
Geo: | Metro Prizm Storm Tracker
GMC: | Acadia Canyon Envoy Jimmy Safari Savana Sierra Sierra_1500 Sierra_2500 Sierra_2500HD Sierra_3500 Sonoma Terrain Yukon Yukon_Denali Yukon_XL Hummer_EV Topkick
Harley-Davidson: harley hd | Road_King Sportster Street_Glide Electra_Glide Softail Fat_Boy Road_Glide Dyna Fatboy Low_Rider Heritage_Softail
Honda: hond | Accord Accord_Crosstour Civic Clarity CR-V CR-Z Crosstour CRX Del_Sol Element Fit Gold_Wing Goldwing HR-V Insight Odyssey Passport Pilot Prelude Prologue Ridgeline BR-V City Grom Rebel Shadow CBR ADX S2000 WR-V Ruckus Civic_Si
Hummer: humm | H2 H3 H1
Hyundai: hyun | Accent Azera Elantra Elantra_GT Entourage Equus Genesis Ioniq Ioniq_5 Kona Nexo Palisade Santa_Cruz Santa_Fe Sonata Tiburon Tucson Veloster Venue Veracruz Creta Grand_i10 i10 Ioniq_6 Verna HB20 Excel
Infiniti: infi | EX35 FX35 FX45 G20 G25 G35 G37 I30 I35 JX35 M35 M37 M45 Q45 Q50 Q60 Q70 QX4 QX50 QX55 QX56 QX60 QX70 QX80
International: intl | ProStar 4300 LoneStar 9400i
Isuzu: isu | Amigo Ascender Axiom Hombre NPR Rodeo Trooper D-Max
Jaguar: jagu | F-Pace F-Type S-Type X-Type XE XF XJ XJ8 XK E-Pace
Jeep: | Cherokee CJ-5 CJ-7 TJ Commander Compass Gladiator Grand_Cherokee Grand_Cherokee_Laredo Grand_Wagoneer Liberty Patriot Renegade Wagoneer Wrangler Wrangler_Unlimited Grand_Cherokee_L Comanche
Kawasaki: kawk | Ninja Vulcan KLR_650 Mule
Kia: | Amanti Borrego Cadenza Carnival Forte K5 K900 Niro Optima Rio Rondo Sedona Seltos Sephia Sorento Soul Spectra Sportage Stinger Telluride EV6 K4 EV9 Niro_EV Rio5 Sportage_Hybrid K3
Land Rover: lndr | Defender Discovery Freelander LR2 LR3 LR4 Range_Rover Evoque Range_Rover_Sport Range_Rover_Evoque Range_Rover_Velar Velar Discovery_Sport
Lexus: lexs | CT200h ES300 ES330 ES350 GS300 GS350 GX460 GX470 IS250 IS300 IS350 LS400 LS430 LS460 LX470 LX570 NX200 NX300 RX RX300 RX330 RX350 RX400 RX450 SC300 SC430 UX250 RC RC350 LC500 NX350 LS500 LX600 TX GX550 UX RZ ES NX GX IS NX200t UX200 RX400h ES300h IS200t
Lincoln: linc | Aviator Continental Corsair LS Mark_LT MKC MKS MKT MKX MKZ Nautilus Navigator Town_Car Zephyr Mark_VIII Blackwood
Mazda: mazd | 2 3 5 6 626 B2300 B4000 CX-3 CX-30 CX-5 CX-50 CX-7 CX-9 CX-90 Mazda3 Mazda5 Mazda6 Miata MPV MX-5 Protege RX-7 RX-8 Tribute 929 B-Series CX-70 BT-50 Millenia
Mercedes-Benz: merc-benz mercedes merz benz | GLK GL ML CLK EQS EQB G-Class C-Class C230 C240 C250 C300 CLA CLK CLS E-Class E320 E350 GL450 GLA GLC GLE GLK GLS ML320 ML350 Metris S-Class S550 SLK Sprinter GLB C_Class E_Class S_Class EQE Sprinter_2500 E400 S500 CL500 E550 GLE_350 GLE350 GLE_450 GLC_300 GLC300 GLA_250 GLA250 GLK_350 CLA_250 CLA250 GLB_250 R350 G-Wagon A-Class S-Class
Mercury: merc | Topaz Cougar Grand_Marquis Marauder Mariner Milan Montego Monterey Mountaineer Mystique Sable Tracer Villager
Mini: | Cooper Countryman Clubman Paceman
Mitsubishi: mits mitsu | 3000GT Diamante Eclipse Eclipse_Cross Endeavor Galant Lancer Mirage Montero Outlander Raider RVR Outlander_Sport Montero_Sport L200 Mirage_G4 Xpander Delica
Nissan: niss | Micra March NP300 X-Terra 200SX 240SX 300ZX 350Z 370Z Altima Armada Cube Frontier GT-R Juke Kicks Leaf Maxima Murano NV200 NV2500 Pathfinder Quest Rogue Rogue_Sport Sentra Stanza Tiida Titan Tsuru Versa Versa_Note X-Trail Xterra Urvan NP300_Frontier Ariya Platina V-Drive Titan_XD NV1500 NV3500 Qashqai Almera Hardbody Aprio Lucino
Oldsmobile: olds | 88 Achieva Alero Aurora Bravada Cutlass Cutlass_Supreme Intrigue Silhouette Cutlass_Ciera 98
Peterbilt: ptrb | 379 389 579
Plymouth: plym | Acclaim Breeze Grand_Voyager Neon Prowler Voyager
Polaris: | Ranger RZR Slingshot Sportsman
Pontiac: pont | Aztek Bonneville Firebird Firefly Montana_SV6 Grand_Am Grand_Prix G3 G5 G6 G8 GTO Montana Pursuit Solstice Sunbird Sunfire Torrent Trans_Am Vibe Wave Matiz
Porsche: pors | 911 Boxster Cayenne Cayman Macan Panamera Taycan
Ram: | 1500 2500 3500 4500 ProMaster ProMaster_City 700 5500 Rampage
Rivian: | R1S R1T
Saab: | 9-3 9-5
Saturn: strn | Astra Aura Ion L200 L300 Outlook Relay SC1 SC2 Sky SL SL1 SL2 SW2 Vue
Scion: scio | FR-S iA iM iQ tC xA xB xD
Smart: | Fortwo
Subaru: suba | Ascent Baja BRZ Crosstrek Forester Impreza Justy Legacy Outback Solterra SVX Tribeca WRX
Suzuki: suzi | Aerio Esteem Forenza Grand_Vitara Kizashi Reno Samurai Sidekick Swift SX4 Verona Vitara XL7 Ertiga Ciaz Ignis S-Cross Jimny Hayabusa Boulevard GSX-R
Tesla: tesl | Cybertruck Model_3 Model_S Model_X Model_Y
Toyota: toyt | 4Runner Avalon bZ4X C-HR Camry Camry_Solara Celica Corolla Corolla_Cross Cressida Echo FJ_Cruiser GR86 Highlander Hilux Land_Cruiser Matrix Mirai MR2 Paseo Previa Prius Prius_C Prius_V RAV4 Sequoia Sienna Solara Supra T100 Tacoma Tercel Tundra Venza Yaris Hiace Crown Grand_Highlander Avanza Corolla_Hatchback RAV4_Prime bZ Prius_Prime 86 Corona Yaris_iA Crown_Signia
Volkswagen: volk vw | Arteon Atlas Beetle Cabrio CC Eos EuroVan GLI Golf GTI ID.4 Jetta New_Beetle Passat Rabbit Routan Taos Tiguan Touareg Vanagon Vento Polo Amarok Saveiro Gol Pointer Derby Bora Westfalia Virtus T-Cross Nivus Crossfox Atlas_Cross_Sport ID4 Teramont Caddy Vocho
Volvo: volv | 240 740 850 940 C30 C70 S40 S60 S70 S80 S90 V40 V50 V60 V70 V90 XC40 XC60 XC70 XC90 960 VNL
Winnebago: winn | Brave Chieftain View Adventurer Minnie Vista Minnie_Winnie Travato Revel Itasca
Yamaha: yama | R6 R1 YZF-R6 YZF-R3 V_Star Grizzly Rhino MT-07
Kenworth: kw | T680 T800 W900 T660 T600
Bombardier: |
Can-Am: | Spyder Outlander Maverick Defender Ryker
Ski-Doo: |
Ducati: |
Arctic Cat: |
Italika: | FT125 FT150 DS150 WS150 150Z DM200
Renault: | Duster Kwid Logan Koleos Stepway Oroch Sandero Clio Scala Kangoo
Peugeot: | 208 301 2008 3008 Partner 206 207 405 Rifter
SEAT: | Ibiza Leon Toledo Ateca Arona
Polestar: | 2 3
Lucid: | Air
Sea-Doo: |
Mack: |
Triumph: |
Vespa: |
MG: | ZS HS RX5 MG5
Dacia: |
JAC: |
Chery: chirey | Tiggo
BYD: | Dolphin Seal Song
Coachmen: | Leprechaun
Jayco: | Redhawk Greyhawk
Forest River: | Sunseeker
Airstream: | Interstate
Western Star: |
Hino: |
KTM: |
Bajaj: | Pulsar
Kymco: |
Buell: |
Datsun: |
Maserati: | Ghibli Levante
Lamborghini: | Urus
Ferrari: |
Rolls-Royce: |
Fisker: |
VinFast: |
Aprilia: |
"""
#: Codes of NCIC for models, by make.
_MODEL_CODES = """
Subaru: outb=Outback fore=Forester impr=Impreza lega=Legacy; Kia: sor=Sorento opti=Optima; Nissan: vers=Versa fron=Frontier mura=Murano alti=Altima rogu=Rogue max=Maxima sent=Sentra path=Pathfinder; Toyota: cam=Camry camr=Camry cor=Corolla corl=Corolla tac=Tacoma tund=Tundra 4run=4Runner sien=Sienna;
Honda: acc=Accord accd=Accord civ=Civic civi=Civic ody=Odyssey odys=Odyssey crv=CR-V; Chevrolet: cava=Cavalier cama=Camaro cob=Cobalt trav=Traverse mal=Malibu mali=Malibu imp=Impala impa=Impala tah=Tahoe taho=Tahoe sil=Silverado silv=Silverado sub=Suburban equi=Equinox;
Ford: exp=Explorer expl=Explorer fus=Fusion foc=Focus mus=Mustang must=Mustang taur=Taurus; Dodge: dura=Durango jour=Journey aven=Avenger char=Charger chgr=Charger cara=Caravan; Jeep: comp=Compass patr=Patriot libe=Liberty che=Cherokee cher=Cherokee wra=Wrangler wran=Wrangler;
Hyundai: ela=Elantra elan=Elantra son=Sonata sona=Sonata; Chrysler: pac=Pacifica; GMC: sier=Sierra yuk=Yukon yuko=Yukon
"""
#: Words that are mostly something else: a model only right after its make.
PLAIN_MODELS = frozenset(
    "minnie omni uno pulse spin comanche boulevard corona caddy mule maverick defender revel columbia scala clio dolphin seal song interstate galaxy ka fairmont excel rhino grizzly argo hardbody dyna duke rampage mobi palio lonestar montana blackwood hs zs velar redhawk courier territory orlando polo pointer derby gol city rebel nova crown vision tornado groove partner toledo leon accent adventurer amigo ascent aspen aspire astra astro atlas aura aurora avalanche avalon avenger baja beetle blazer bolt breeze "
    "canyon caravan cascada cavalier celebrity century challenger charger civic classic colorado commander compass continental contour cooper corsair "
    "cougar cube dakota dart defender discovery eclipse edge element encore endeavor escape escort excursion expedition explorer "
    "express fiesta fit five flex focus fusion galaxie golf hombre hornet insight integra ion journey juke kicks lancer leaf legacy legend liberty "
    "lucerne magnum mariner mark matrix maverick metro milan mirage montana monterey mountaineer murano navigator neon nitro note optima outback outlander "
    "outlook pacifica passport path patriot pilot probe prologue pursuit quest rabbit raider rainier ram ranger rebel regal relay "
    "renegade reno rio riviera rodeo rogue sable safari seville shadow sierra silhouette sky solara sonata sonic soul spark spirit "
    "spectra sportage sprinter stealth stinger storm stratus sunbird swift terra terrain titan torrent town tracer tracker transit trax tribute "
    "tucson vector venture venue verona viper vista volt voyager vue wave wrangler zephyr maxima mini genesis clarity exp imp max path sent cam cor "
    "acc mal sil sub son pac char civ".split()
)
#: Makes that are also surnames, places or plain words: a vehicle only where the words beside them say so.
PLAIN_MAKES = frozenset(
    "mg jac western hino forest byd seat mack triumph lucid lincoln genesis mini mercury saturn plymouth pontiac ram smart geo ford dodge austin international fleetwood benz intl linc kw hd infi isu cadillac".split()
)

_PIECE = re.compile(r"[a-z]+|\d+|&|/|\.|-")


def pieces(name: str) -> tuple[str, ...]:
    """A name as the comparison forms of its tokens, without hyphens: ``F-150`` is ``f 150``."""
    return tuple(piece for piece in _PIECE.findall(name.lower().replace("_", " ")) if piece != "-")


def _read() -> tuple[dict[tuple[str, ...], str], dict[str, dict[tuple[str, ...], str]]]:
    makes: dict[tuple[str, ...], str] = {}
    models: dict[str, dict[tuple[str, ...], str]] = {}
    for line in _MAKES.strip().splitlines():
        head, _, tail = line.partition("|")
        make, _, aliases = head.partition(":")
        for alias in (make, *aliases.split()):
            makes[pieces(alias)] = make
        models[make] = {pieces(model): _spelled(model.replace("_", " ")) for model in tail.split()}
    for entry in _MODEL_CODES.replace("\n", " ").split(";"):
        make, _, codes = entry.partition(":")
        for code in codes.split():
            short, _, model = code.partition("=")
            models[make.strip()].setdefault(pieces(short), model)
    return makes, models


def _spelled(model: str) -> str:
    return {
        "RX350": "RX 350", "RX300": "RX 300", "RX330": "RX 330", "RX400": "RX 400", "RX450": "RX 450", "ES300": "ES 300", "ES330": "ES 330",
        "ES350": "ES 350", "GS300": "GS 300", "GS350": "GS 350", "GX460": "GX 460", "GX470": "GX 470", "IS250": "IS 250", "IS300": "IS 300",
        "IS350": "IS 350", "LS400": "LS 400", "LS430": "LS 430", "LS460": "LS 460", "NX200": "NX 200", "NX300": "NX 300", "S10": "S-10",
        "Town and Country": "Town & Country", "Crown Vic": "Crown Victoria", "3": "Mazda3", "5": "Mazda5", "6": "Mazda6", "2": "Mazda2",
        "Goldwing": "Gold Wing",
    }.get(model, model)  # fmt: skip


MAKES, MODELS = _read()
MAKES_BY_FIRST: dict[str, tuple[tuple[str, ...], ...]] = {}
for _key in sorted(MAKES, key=len, reverse=True):
    MAKES_BY_FIRST[_key[0]] = (*MAKES_BY_FIRST.get(_key[0], ()), _key)
MODELS_BY_FIRST = {
    make: {
        first: tuple(sorted((key for key in names if key[0] == first), key=len, reverse=True))
        for first in {key[0] for key in names}
    }
    for make, names in MODELS.items()
}
#: Models that name their make by themselves, where the words beside them say that it is a vehicle.
OWNERS: dict[str, list[tuple[tuple[str, ...], str]]] = {}
for _make, _names in MODELS.items():
    for _key in sorted(_names, key=len, reverse=True):
        if not _key[0].isdigit() and (len(_key) > 1 or len(_key[0]) > 2) and not (len(_key) == 1 and len(_key[0]) <= 3):
            OWNERS.setdefault(_key[0], []).append((_key, _make))
_COUNT: dict[tuple[str, ...], int] = {}
for _entries in OWNERS.values():
    for _key, _make in _entries:
        _COUNT[_key] = _COUNT.get(_key, 0) + 1
for _first, _entries in list(OWNERS.items()):
    OWNERS[_first] = sorted((entry for entry in _entries if _COUNT[entry[0]] == 1), key=lambda entry: -len(entry[0]))
