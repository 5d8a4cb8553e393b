"""Words that are not part of a person's name, in comparison form: the vocabulary of alerts, and the smallest words of each
language. Colours, months, states and makes may be names ("Hazel Brown", "Georgia Ford"); they are told apart in ``names``."""

from __future__ import annotations

from capgateway.cards.extract.words import (
    ADULT_NOUNS,
    BODIES,
    CHILD_NOUNS,
    DAY_PARTS,
    DAYS,
    HE,
    KIN,
    NUMBERS,
    RACES,
    SEXES,
    SHE,
    SUSPECT_NOUNS,
)  # fmt: skip

_SMALL = """
a an the this that these those and or but if of in on at by for from to into onto over under with without within about around near after before between through
is are was were be been being am has have had do does did will would can could may might must should shall not no nor as so than then when where while who whom
whose which what why how it its they them their there here we us our you your he him his she her hers i me my all any both each every either few more most other
others some such only own same too very just also up down out off again further once until because per via plus
le la les un une des du de d l et ou mais si ce cette ces cet il elle ils elles on nous vous je se sa son ses leur leurs est sont etait ete a au aux en dans sur
sous par pour avec sans vers chez qui que quoi dont ou ne pas plus tres aurait serait peut afin lors
el los las una unos unas del al y o u pero si lo le les su sus es son era fue ha han en con sin por para desde hasta que quien cual como donde cuando no mas muy
se esta este estos estas ese esa
"""
_ALERT = """
amber alert alerts alerta alerte emergency urgence emergencia child abduction abducted abductor kidnapping kidnapped kidnap missing search searching looking locate
locating located find finding found help helping public asking asked seeking sought police officer officers department dept sheriff sheriffs office state
patrol trooper troopers highway county counties city town township village parish parishes province region area areas district national weather service
bureau agency investigation investigators investigating detectives detective deputy deputies chief captain sergeant lieutenant law enforcement authorities officials
issued issue activated active activation activate declared extended extends update updated updates message messages test transmitted request requested broadcast immediate
bulletin eas urgent relayed following statewide regional nationwide suspect suspects suspected victim victims child children name names named identified identity described
description descriptions known unknown unidentified last seen wearing wore dressed clothing clothes clad shirt pants jeans shorts hoodie jacket dress shoes
height weight hair eyes eye race sex age aged ages old year years month months week weeks day days tall feet foot inches inch pounds lbs lb dob born birth
vehicle vehicles car cars license licence plate plates tag registration driving drove driven driver traveling travelling travel headed heading toward towards direction
north south east west northbound southbound eastbound westbound northeast northwest southeast southwest call contact dial information info details anyone
tips tip report reports reported reporting visit website web site media photo photos picture local check please do approach armed dangerous danger considered
believed possibly possible likely may might taken took take left fled leave leaving entered home house residence apartment school park street road avenue lane drive
boulevard court place circle way highway interstate exit block corner intersection parking lot store mall walmart hospital clinic church restaurant hotel
motel station airport terminal center centre today tonight yesterday morning afternoon evening night midnight noon approximately around about time date am pm
hours est edt cst cdt mst mdt pst pdt akst hst ast circumstances incident case number note notes disregard earlier previous correction corrected
cancelled canceled discontinued repeating attention thank thanks continue continues company accompanied custody custodial noncustodial non biological foster
together pair group family relative relatives friend friends neighbor caregiver guardian parent parents spouse ex estranged couple
new speak speaks english spanish french medical condition diabetic autism autistic needs medication disability verbal scar scars tattoo tattoos glasses birthmark braces
beard mustache moustache goatee build thin slim slender heavy heavyset stocky average complexion light dark medium short long curly straight skin
lil miss mister little presunta presunto responsable
rcmp opp spvm sq gpd lapd nypd chp fbi ncmec dps gbi kbi tbi fdle fhp isp msp osp wsp nsp pd so lsp mshp bca dcyf cps swat
endangered critical wireless provincial federal royal mounted canadian regional municipal metro metropolitan
sunday facebook twitter com www http https org gov
police provinciale surete service corps gendarmerie royale ministere gouvernement quebec demande collaboration population retrouver recherche recherchent recherchee recherche
recherchons enfant enfants enleve enlevee enleves enlevees enlevement disparu disparue disparition suspect suspecte vehicule vehicules immatricule immatriculee plaque plaques
derniere dernier fois vu vue vus vues apercu apercue localisation connue portait porte portant vetu vetue vetements mesure mesurant pese pesant cheveux yeux taille poids ans mois
communiquez communiquer composez appelez information renseignement renseignements renseignements toute personne declenchee declenche emise en cours levee fin mise jour
circule circulerait circulait bord volant couleur marque modele annee rue boulevard chemin avenue autoroute route ville municipalite secteur quartier arrondissement
pere mere garcon fille fillette homme femme age agee nom prenom sexe race origine corpulence environ vers intervenez pas intervenir nouvelle nouveau
policia policiaco departamento negociado estado estatal condado ciudad alerta activado activada activo emitido emitida menor menores nino nina ninos ninas busca buscan
buscando buscamos localizar encontrar desaparecido desaparecida secuestro secuestrado secuestrada secuestrados sospechoso sospechosa vehiculo placas placa tablilla matricula vestia vestido
vestida llevaba viste visto vista vistos ultima vez ultimo cabello pelo ojos estatura peso edad anos meses libras pies pulgadas altura tez color marca modelo llame llamar
cualquier informacion persona personas nombre identificado identificada identificados padre madre hombre mujer calle avenida colonia barrio residencia casa rumbo hacia
favor ayuda servicio nacional meteorologia retransmitido boletin solicita activacion peligroso armado cree posible posiblemente manejando conduciendo conduce direccion
january february march april may june july august september october november december feb mar apr jun jul aug sept sep oct nov dec
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
summary effective expires until valid counties parish borough code codes bulletin emergency public safety homeland security management office communications
according said says told spokesman spokeswoman press release conference statement both two three four five six several another second third first
resident residents patient apodado acompanante wife wm wf bm bf hm hf called nickname nicknamed inside outside sexo resumen hechos pacific islander native american alias goes aka dob dna both all three missing update updated right wrong first second third premier premiere deuxieme primer primera segundo segunda teléfono telefono tel cualquier dato datos papa mama her his their my please help share retweet rt fwd info tips hotline crimestoppers crime stoppers unit division
if observed spotted see seen sighting sightings unoccupied abandoned recovered
rv suv van truck pickup sedan motorcycle bus train coach trailer boat atv vtt
inc llc university college elementary middle high preschool daycare kindergarten grade student teacher
god dios santa santo saint bank river lake creek hill hills valley beach island bay point mountain mountains mount port fort
abductee abductees subject subjects juvenile juveniles teen teens teenager infant toddler newborn baby boy girl man woman male female
unk lic veh lsw lkl susp vic desc appx approx ht wt hgt wgt blk wht gry bro brn blu grn haz bln sdy sil mar
good great safe safely happy end ended cancel canceled lifted rescinded deactivated levi levis call morgan nick maile rachael
air force nike jordan adidas puma converse crocs disney minecraft pokemon paw patrol spider spiderman batman superman frozen elsa hello kitty
cowboys dallas-cowboys raiders lakers ninja turtle turtles mickey mouse
adults adult individuals individual person persons people someone somebody nobody none
gmt utc nws wfo noaa ipaws wea fema
armadas armada menor
wears wear carried carries carrying did does says looks look speak owns own works work lives live drives drive goes go walked walking ran run running got get getting pulled pull saw sees returned return returning attends
attended heard hear told tell came come comes went gone give gave given made make makes used use uses using kept keep keeps moved move moving turned turn stopped stop stopping waiting wait playing played picked pick dropped drop
walks rode ride riding boarded board entered enter exited grabbed grab forced force pushed push pulled shot shots threatened threatening weapon weapons gun handgun knife armed assault assaulted injured
killed wanted warrant warrants felony custody order court protective history mental health suicidal risk serious bodily injury death grave imminent circumstances believes believe thought think know knows
related relation relationship acquaintance online met meet met via social app snapchat instagram facebook
day days week hour hour minutes minute ago later still yet soon now always never often usually maybe perhaps
good bad big small large little huge heavy old young new used white-tee tee shirts short-sleeve sleeve sleeves collar zip zipper stripe stripes striped logo print printed letters lettering word words written front back side sides left right
top bottom upper lower arm arms leg legs neck face head hand hands shoulder shoulders chest forearm wrist ankle nose ear ears teeth tooth mouth lip lips chin cheek
scarf gloves boots sandals sneakers slippers socks cap hat beanie helmet mask backpack purse bag bags stroller car-seat seat blanket toy doll bear diaper onesie pajamas pyjamas pajama sweatpants sweatshirt sweater leggings skirt blouse vest coat
uniform scrubs jersey tank overalls romper swimsuit tshirt denim camouflage camo plaid floral flannel leather cotton fleece puffer puffy hooded
door doors window windows windshield bumper fender hood trunk roof rack rear headlight taillight tire tires wheel wheels rim rims hubcap decal sticker stickers dent damage damaged scratch scratches tint tinted spoiler hitch trailer tool toolbox bed cover cab
model make year color body type style plate temporary temp paper expired stolen rental rented leased borrowed registered owner
gas fuel pump food market grocery supermarket dollar general walgreens cvs target costco mcdonald restaurant bar bowling alley gym pool playground trail path field farm ranch barn cabin camp campground campsite
bus bridge tunnel border crossing ferry dock harbor harbour marina airport runway depot yard railyard rail railroad train tracks
north south east west near between across beside behind under over along past toward
please immediately urgent important critical alert information details follow following see below attached image link click visit page website web online
both pair two three four five six seven eight nine ten eleven twelve dozen single double twin twins triplets
without while because though although however therefore also too either neither nor else than then thus such like unlike as at
shaved bald balding receding dyed highlights bangs bun braid braids braided dreadlocks dreads cornrows twists afro mohawk ponytail pigtails curls fade buzz crew cut bob ginger freckles freckled dimples pierced piercing piercings earring earrings ring necklace bracelet watch
talks stutter stutters deaf blind mute limp limps walker wheelchair crutches cane inhaler insulin seizures epilepsy asthma allergies allergic
mid late early approx approximately around roughly nearly almost exactly least most more less
"""

_PROSE = """
access accused acerque action actual advisory ahora aid alcanzan alleged allow aluminum ambulance anchor antibiotics anything
appareil appealed appears apportioned aprox arme arrest arrested arriere ashore ask asks asleep assistance attendant auburn
auditif automatically available avant away backyard ball bandana barbe barbu based basketball bears bees beginning behalf
beiges belongs besoin biblioteca biker bleached blessee blond blonde blondes blonds blusa boarding bottes bottoms boucles
box break brisee brush buen burg burn cache calls cam camaras camera cameras camper camping cancels
canoso captaron capuchon care carrier casquette cast castano caught cell chandail chaqueta chassis chatain chatains chauve
checked checkered cherche cherchent chestnut chocs chrome cicatriz circulated claims clair clara claro clean cleared clinica
closed closet colaboracion collector colored combinaison communication commuter compact compagnie compartir complain complex concerning conduit conduite
connection convenience cookie copied correct coton couche country courte courts cousins couteau covered cracked crane criteria
cropped cubrebocas cuero cuir current dar dash dated dawn dealer debunking delete dementia dented describe determined
developmental devices digits dinosaur disappearance dispatch displaying dog domicilio donne doorbell dot drill drivers due during
effect elbow emblem emmenes empty ending endommage ends enfermera entry etre ever example exempt exhaust extra
extreme eyebrow facial fair fall falls far fire firearm fitted flashlights flea fleeing float flowered fonce
forty forwarded frames franjas frente frises frontera fueron fuite full gate gender gorra gown grandparents graphic
ground habit handicapped handlebar happened having hay haya hazel headband hearing held hes hibiscus hips historic
hoax hope hopital horse horsepower housekeeping hrs hundred hunt hurt hzl ice idling includes including inconnu
inconnue indicate indicates infection initially inmates inscription instructor interference involved involving issues issuing izquierda jumped jumpsuits
karate kilograms kilos kilt kit knit lab lacio ladder ladybug largo lately lavender leer length lentes
lift lighthouse lights limited line lining llevado llevo loaner localizada localizado longer longs longues lookout lost
loud loue lumber lunettes magnet main maintenant mameluco manches manteau marine masks matching maternel maternity mauves
mejilla mena mentioned metre metros mezclilla mide midsize miel miles mirror mischief montee moonlight morena motor
muscle nacida nariz nearby need neige news nightgown ningun noisette normale northwestern numbers numero numerous nuque
nursery obtained occurred offered officially oilskin older ondulado ont ontarienne oscuro ouate overnight paint painted panel
paradero pare parka parked part partial particulares parts passenger patch pearl pediatric peinture pepper pers personnes
pesa petite pharmacy pide pied placard plain plan plane player playera pleaded poblacion policiers polka polo
position possiblement possibles post posts prenomme preschooler presume presumed presuntamente pris prohibits protect puffs pullover pulls
pushing pyjama quarter questioning quilt radio rain rainbow raised ramene rase rases rayures reached read reads
real recalled receiving recherchees reg regarding regresado released remains removed repave replaced repose required requise rescinding
rest retriever retrouve retrouvee reward riders riesgo rimmed ripped rizado robada robe robusta roommate round rousseur
roux rubber sain sale salt sandales sandalias sandy sarcelle sauf say scrub secundaria seek semi set
sharing shaven shirtless shooting shop shortly show similar simulation since sistema sixty skate skills skinny sky
sleeper sleeping sliding snatched snow snowsuit soccer soft something sorry sport stacks start starting starts
stay story strawberries strawberry streaks subio subsequently sudadera sueter suit suits sunglasses superhero surnomme survenu susceptible
suspenders sustraido swaddled sweats swim switched swoosh system systeme sœur taches tags tail tailgate taking tat
tatouages tattooed taxi teddy teints television teme temporal tenido text texts thinning tiene tone toque toujours
townhouse track tracksuit tractor traffic transfer transferring travelled tresses trouver trucker trying turns tutu twd twenties
unchanged unharmed unicorn uniforme unnamed urged usa vacio vanished vecino version viajaria video vigueur visitor vitre
voyez waist want ward warning watching weighs western whereabouts wig wind windbreaker wiper wire woken
wrapped yoa yrs
"""

_THINGS = """
raincoat rainboots overcoat trenchcoat peacoat cardigan turtleneck tunic poncho shawl sarong kimono overshirt undershirt jumper pinafore apron bibs waders coverall coveralls snowpants trousers slacks khakis cargo joggers
capris tights stockings footie onesies swimsuit trunks bikini shoe heels loafers flats clogs crocs moccasins galoshes bonnet beret fedora visor turban hijab headscarf bow ribbon tiara barrette scrunchie glove mittens belt
buckle tie bowtie bandanna jacketed parkas hoodies hooded windbreakers vests gowns costume costumes cape capes leotard ballet karate uniformed badge lanyard briefcase suitcase duffel tote fanny binder books lunchbox
fishing hunting cowboy baseball football hockey basketball volleyball tennis golf running hiking skating skateboard skateboards scooter scooters bicycle bike bikes tricycle wagon sled
carhartt levis wrangler reebok vans hollister aeropostale gap hilfiger lululemon patagonia uggs timberland fila
id trata greyhound withheld reserved protected redacted undisclosed pending confirmed unconfirmed approximate estimated partially possible probable presumed alleged
seeks seek seeking led leads leading lead asks urges urged urge joins joined alerting activates activating declares declaring confirms confirming identifies identifying responds responded responding investigates
believes suspects requests requesting advises advised cautions cautioned reminds thanks appears appear appeared seems seemed remains sits lies weighs measures attends lives stays
parked crashed fleeing escaped eluded evaded chased pursued followed tracked traced located spotted photographed captured recorded filmed
style styled length sized shaped patterned printed trimmed lined ripped torn stained dirty muddy wet dry clean faded bright neon pale deep
bushy thick thinning wispy patchy scraggly unkempt clean-shaven stubble sideburns dimpled pimples acne birthmarks moles mole scarring burn burns bruise bruises bandage bandages cast brace stitches
american african caucasian asian latino latina hispanic arab indian foreign foreigner european mexican canadian french english spanish accent
muscular slender lanky chubby stout petite obese overweight skinny bodybuilder pregnant elderly senior toddler preteen tween
neighbor neighbour tenant landlord employee coworker customer client stranger intruder burglar robber carjacker thief gunman driver rider passenger pedestrian cyclist hitchhiker
biological adoptive foster maternal paternal legal estranged separated divorced married engaged common-law custodial
minivan hatchback coupe convertible crossover semi tractor rig lorry camper motorhome rv towing towed pulling hauling trailer flatbed dually supercab quadcab
handicap veteran disabled specialty vanity dealer commercial exempt apportioned antique classic
rest area welcome center weigh toll plaza turnpike freeway expressway beltway bypass interchange ramp overpass underpass culvert
flyer poster bulletin sheet profile photo photos video footage surveillance camera doorbell
tatouage tatouages cicatrice cicatrices barbe moustache lunettes casquette tuque foulard mitaines gants bottes souliers espadrilles jupe robe chemise chandail manteau veste blouson pantalon culotte short collant collants
jeune jeunes inconnu inconnue individu individus mince minces costaud costaude petit petite gros grosse maigre noir noire blanc blanche brun brune blond blonde roux rousse chauve barbu
porte portait portant portent tient tenait conduit conduisait roule roulait serait seraient aurait auraient circulerait voyage voyagerait pourrait pourraient apercu vus vues
ecole garderie maison domicile residence appartement logement parc gare arret metro hopital clinique magasin depanneur epicerie restaurant hotel aeroport station stationnement pont
extranjero extranjera rubio rubia moreno morena blanco blanca negro negra alto alta bajo baja delgado delgada robusto robusta gordo gorda joven adulto adulta anciano anciana
identidad reservada reservado protegida protegido desconocido desconocida datos generales media filiacion senas particulares cicatriz cicatrices lunar tatuaje tatuajes lentes gorra gorro sombrero
camisa camiseta playera blusa sueter suetér sudadera chamarra chaqueta abrigo vestido falda pantalon pantalones short shorts bermuda mezclilla tenis zapatos sandalias chanclas botas calcetas huaraches mandil panalero mameluco uniforme pijama
escuela casa domicilio hogar tienda mercado parque plaza hospital guarderia iglesia central estacion parada fraccionamiento carretera municipio
lleva llevaba llevo porta portaba vistiendo viaja viajaba viajan huyo huyeron fueron sido visto vistas hallado hallada
"""

COMMON = (
    frozenset((_SMALL + _ALERT + _PROSE + _THINGS).split())
    | ADULT_NOUNS
    | CHILD_NOUNS
    | SUSPECT_NOUNS
    | KIN
    | HE
    | SHE
    | frozenset(DAYS)
    | frozenset(DAY_PARTS)
    | frozenset(RACES)
    | frozenset(SEXES)
    | frozenset(BODIES)
    | frozenset(NUMBERS)
)
#: Of those, words that are names too, and count as such where they are written with a capital inside a name.
NAMES_TOO = frozenset(
    "dulce dawn clara marina teddy miles mickey ward walker foster mcdonald burns hunt ball french hood snow stout crane cotton bright heard pepper rider weeks mercado mena fanny kitty bob "
    "levi april may june august dallas morgan nick frozen elsa jordan will chase mason grace hope faith lane drake chance young long short black white brown gray grey green "
    "amber rose violet hazel sandy jade summer autumn king bishop hunter fisher parker miller carter cooper tucker porter ford lincoln dodge austin houston "
    "madison jackson brooklyn savannah georgia virginia carolina dakota montana paris london sierra cheyenne phoenix holly ivy olive ruby pearl angel "
    "mars santos street park parks rivers hill hills banks wells waters day knight noble case church stone woods forest lake bay valley fields "
    "marin mar mark marc lance storm sky skye star major sargent marshall page price rich wise sharp moody may heath rusty red blanche clement "
    "don juan luz cruz rosa blanca leon mercedes santiago paz sol luna julio julia augusto abril rubio moreno delgado bravo rojas prieto calle "
    "constant aime blanc lebrun leblanc leroux petit legrand roy rey king prince duke earl dean dale glen cliff forrest reed reid rocky "
    "sterling christian trinity harmony melody destiny nevaeh heaven genesis princess royal reign saint messiah legend".split()
)
PARTICLES = frozenset(
    "ap de la del las los van von der den bin al el di da dos du des le st mac mc san ibn abu ben della".split()
)
SUFFIXES = frozenset("jr sr ii iii iv".split())
#: What follows the name of a body, a place or a programme, never a person's.
ORGANISATIONS = frozenset(
    "pd police county counties department sheriff amber alert alerts call parish rcmp state city highway street road avenue lane drive boulevard blvd ave rd dr st "
    "pkwy parkway hospital school university park mall airport station center centre elementary middle high hwy area town township province beach bay lake river "
    "creek church apartments inn hotel valley hills island act law safe system".split()
)
TITLES = frozenset(
    "sheriff chief sgt sergeant lt lieutenant capt captain detective det officer deputy trooper spokesman spokeswoman spokesperson mayor governor agent "
    "inspector insp const constable cst sergent agente lieutenante inspecteur commissioner director coroner judge president mr mrs ms prosecutor".split()
)
