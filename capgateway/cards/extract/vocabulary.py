"""Everyday words of the three languages, in comparison form. In a text without small letters, where every word looks like a name,
these are none; names that are also words are left out. Where capitals mean something nobody asks here."""

from __future__ import annotations

_ENGLISH = """
able about above accept accident according account across act action active actually add address afraid again against ago agree ahead air alive allow
allowed almost alone along already also although always ambulance among amount anger angry animal another answer antenna anybody anymore anything
anyway anywhere apart appear appeared appears aqua area arena argue argued argument arm armed arms army arrange arrest arrested arrive arrived arrives
ashore ask asked asking asleep assault assaulted assist assisting attack attacked attempt attempted attend aunt available avoid awake aware away awful
baby back backed background backpack backseat bad badly bag bags balance balcony ballcap bandage bandana bank banner bar bare barefoot barely bars
baseball basement basketball bath bathing bathrobe bathroom bead beads beanie beard bearded bearing beat became because become bed bedding bedroom
been before began begin beginning begins behavior behind being believe believes belong belonging belongs below belt bench bend beneath bent beside
besides bet better between beyond bicycle big bigger bike biological bite bitten blanket blazer bleeding blind blink blocked bloody blouse board
boarded boarding boat body bold bone book booking booster boot boots border born borrow borrowed both bother bottle bottom bought bound bowling
boyfriend brace bracelet braces braid braided braids brake brakes branch break breaking breath breathing bring bringing broad broadcast broke broken
brought bruise bruised bruising brush buggy build building built bumper bun bungalow buns burglary burned bus business busy button buy buyer cab cabin
cable call called caller calling calls calm camcorder came camera cameras camouflage camp camper campground campus cane canoe canopy cap capital
capped captured car card cardboard cardigan care careful caretaker cargo carjacked carjacking carried carrier carries carry carrying cart cartoon
casino cast catch caught cause caused caution ceiling cell cellphone cereal certain chain chair champagne change changed changing charge charged
chased cheap check checked checkered cheek chemical chest chin chipped choose chrome cigarette circle city claim claimed claiming claims class clean
cleaned cleaner clear cleared clearly cleft clerk climb climbed clinic clip cloak closed closely closer cloth clothed clothes clover club clue coach
coast coaster cold collar collared college color colored come comes comfort coming common community company complain complete concern concerned
condition confirm confirmed confused connection consider considered construction contact contain contained continue continued contractor control
convenience cooler cooperate cooperating copy cord cornrows correct corrected corrects cost costume cough coughing could count counter country county
couple courage course courthouse cover coveralls covered covering cowboy crash crashed crawl crazy create crewneck cried crime criminal crop cropped
crossed crossing crowd cruise crush crutches cry crying cup cupboard curb curls curly current curtain custody custom customer cut cuts cutting damage
damaged dangerous dark dashboard dashcam data date daycare dead deaf deal dealer death decal decide decided deck deep deliver delivered delivery
demand denim dent dented deny depart departed depend described describes describing desk destroy detail detailed details detain detained detect
developed device diaper did die died different difficult dig dinner dinosaur diploma dirt dirty disability disappear disappearance disappeared
discover discovered discuss disguise dish dispatch dispatcher display displayed displaying distance distinctive disturb dive do dock doctor does dog
doing done door doors dot dotted double doubt down dozen drag dragged drawn drawstring dreadlocks dream dress dressed dresses drink drive driven
driveway driving drop dropped drove drug drunk dry duck duct due dull dumpster during dust duty each ear earlier earring earrings ears earth ease
easily eastern easy eat eating edge effect effort eight either elbow elderly election electric electronic eleven else emblem embroidered emergency
employ employee employer empty encounter end ended ends enemy engine engraved enough enter entered entering enters entire entrance equal equipment
equipped erratically escape escaped escaping especially estate estranged even evening event ever every everybody everyone everything everywhere
evidence exact exactly except exchange exchanged excuse exhaust exit expect expected expensive expired explain explained express extra extreme eye
eyebrow eyeglasses face faces facing fact faded fail failed failing fairgrounds fairly fallen falls familiar family fan far farm farmhouse fashion
faster fat fatal faucet fault favor fear feared fears feature features fed feed feel feeling feet fell fellow felt female fence fender fever few
fiberglass fifth fifty fight fighting figure file filed fill filled film filthy final finally find finger fingers finish fired fireworks first fit
five fix fixed flag flags flannel flash flashlight flat flatbed fled flee fleece fleeing flew flight flip flipflops float floor floral fly foggy foil
follow followed following food foot football footed footwear for force forced forearm forecast forehead forget forgot form formal former forty forward
found four fourth frame frames frantic freckled freckles freeway frequent fresh friendly fright frightened fringe from front frozen fuel full fully
fun fur furniture further future gain games gang garage garbage garment gas gather gauge gave gazebo general gentle get gets getting giant gift girl
give given gives giving glad glass glasses glitter glove gloves go goatee goes going gone goods got government gown grab grabbed grabbing grade
gradually graduate graffiti grandparent graphic grass greasy great grille grocery ground group grow grown guard guess guest guide guilty gun gunman
gunpoint guy gym gymnastics habit had hair haircut haired half hallway handbag handcuffed handed handgun handing handle handwritten hang hanging
happen happened happens happy harbor hard hardly harm harmed harness has hat hatch hatchback hate have having headband headed heading headlight
headlights headphones health hear hearing heart heat heavily heavy heavyset held hello helmet help helped helping herself hid hidden hide hiding high
highlights highway highways hijab him himself hire hired his hit hitch hitched hitchhiking hold holding hole home homeless hooded hoodie hoody hoop
hospital hospitalized hot hotel hour hours household how however hubcap hubcaps huge hung hurried hurry hurt hurting husband idea identified identify
identity if ignition ignore ill illegal illegible image immediate immediately imminent important in inch incident include included includes including
increase indeed indicate indicated indicates industry infant inform information informed inhaler injure injured injuries injury inner inside insignia
instead instruct instructor insulin intend intended interest interior international internet interstate interview into intruder intruders invasion
investigate invite involve involved island issue issued item items itself jacket jail jeans jeep jersey jewelry job jog jogger joggers jogging join
joined joint journey judging jumped jumpsuit just juvenile kayak keep keeping kept kick kicked kid kidnap kidnapped kill killed kind kindergarten knee
kneel knees knew knife knifepoint knit knock knocked know known knows knuckles label laces lack ladder ladies lady land landed landlord language
laptop large largest last late lately later laugh laundry lawn lawnmower lead leading leads leaf lean learn learned leash least leather leave leaves
leaving led left leg legal legally leggings legs length less let letter lettered lettering letters letting level license lie lied lies life lifejacket
lift lifted light lights like likely limb limited limousine limp limping line lined lines link lip lipstick list listed listen literally live lived
lives living load loaded loading lobby local locate located location lock locked lodge log logo lonely longer longsleeve look looked looking looks
loose lose losing loss lost lot low lower luggage lunch lured lying machine mad made magnet mail main mainly make makes makeup making mall manage
managed manager many map marked market marking markings married mascot mask masked masks match matched matching matter mattress maybe me meal mean
measure meat medallion media medical medication meet meeting member men mental mention mentioned mentions mesh mess message met metal middle midnight
might mile miles military milk mind mine minibus minor minute minutes mirror miss missing mistake misty mix mixed mobile model modified mohawk mole
moment monitor month months moped morning most mostly motel mother motor motorcycle mount mountain mounted mouth move moved movement moves movie
moving mower much mud muddy mullet multiple murder muscular must mustached my myself nail nails name named names narrow nation national native
naturally nature navy near nearby nearly neat neatly necessary neck necklace necktie need needed needing needs neighbor neighborhood neither nervous
net network never nevertheless news newspaper next nightgown nightshirt nine no nobody noise none nonverbal nor normal normally northern nose not note
noted nothing notice noticed notify now nowhere number numbered numbers numeral nurse nylon object observe observed obtain obtained occasion occupant
occupants occupied occur occurred of off offer offered offering office officer officers official often oil old older oldest on once one ones only onto
open opened opener opens operate operated operating operator opinion opposite or order ordered ordinary organized original originally other others
otherwise ought our out outer outfit outside over overalls overcoat overhead overnight overpass oversized owe owed own owned owner oxygen pacifier
package packed paid paint painted painting pair pajama pajamas pale panel pants pantsuit paper papers paperwork parade parent parka parked parking
part partial partially particular partly partner parts party pass passed passenger passengers passing passport past patch patched path patient patrol
pattern patterned pavement pay paying pedestrian pendant people per perhaps period permanent permission permit personal personally persons phone
phoned photo photos pick picked picking pickup picture pictures piece pieces pierced piercing piercings pigtails pile pillow pilot pipe place placed
places plaid plain plan plane planned planning plans plastic plate plated plates play played playground playing pleated plenty pocket pockets pointed
pointing points police polite polka polo poncho ponytail popular porch position possess possession possible possibly posted pound pounds pour prefer
pregnant prepare present press pressed pretend pretty prevent previous previously primer print printed prior prison private privately prize probably
problem procedure proceed process produce product professional program promise proper properly property protect protected protective prove provide
provided public puffy pull pulled pulling pullover punch punched purchase pure purpose purse pursue pursued pursuit push pushed pushing put puts
putting quarter question questioned questioning quickly quiet quietly quit quite race rack radio railing railroad railyard raincoat raise raised ramp
ran ranch random range rapid rapidly rare rarely rather reach reached react reading realize really rear reason reasons recall recalled receive
received recent recently recognize recognized record recorded recover recovered reddish redhead refer reflective refuse refused regard regarding
region registered registration regular related relation relationship relative relatives release released religious remain remained remaining remains
remember remove removed removing rent rental rented repaint repainted repair repeat replace replaced reply report reported reportedly reporting
reports request requested require required rescue rescued reside residence resident residents resides respond responded response responsible rest
restaurant restroom result return returned returning returns reveal reverse reward ride rider rides riding rifle right rims rings rip ripped rise
roads roadside robbed robbery rolled rollerblades roof room rooms rope rough roughly route row rub rubber rubs rucksack ruffled ruin rule run runaway
runner running runs runway rural rushed rust rusted rusty sad safe safely safety said sail same sandal sandals sash sat save saw say saying says scar
scare scared scars scene scent schedule schools scissors scooter scratch scratched scratches scream screamed screaming screen script scrub scrubs
search searched searchers searching season seat seatbelt seated seats second secret section sector secure security see seeing seek seeking seem seemed
seems seen seized seizure seizures sell semi send sending sense sent separate separated sequins serial serious seriously serve served service set
settle seven several severe sex shaded shaggy shall shape share shared shares shaved shawl shed sheet shelf shelter shielded shift shiny shirt
shirtless shirts shock shoe shoelaces shoeless shoes shook shoot shop shopping shoreline shorter shorts shot should shoulder shoulders shout shouted
shouting show showed shower showing shown shows shut shuttle sick side sideburns sides sidewalk sideways sight sighted sighting sign signal signed
silent silhouette similar simple simply since sing single sisters sit site sits sitting situation six size skateboard ski skid skin skinny skirt skull
slacks sleep sleeping sleepwear sleeve sleeveless sleeves slept slid slide sliding slight slightly slim slip slipper slippers slow slowly smaller
smash smashed smell smile smiling smoking smooth snack snatch snatched sneakers snowmobile snowsuit soaked soccer social sock socks sofa soft sold
sole solid some somebody somehow someone something sometime sometimes somewhere soon sorry sort sought sound south southern space spare sparkly speak
speaking speaks special specific specifically spectacles speech speeding spend spent spiky split spoiler spoke sport sports spot spotted spread
sprinter squad stadium staff stage stain stained stair stairs stamp stand standard standing start started starting starts state stated
statement states station stay stayed staying stays steal step stepped stick sticker stickers stocky stole stolen stomach stool stop stopped
stopping stops store stores story straight strange stranger strap strapped straps streets strength strict strike string strip stripe striped stripes
stroller struck structure struggle struggled stubble stuck student study stuff stuffed style subject suburb suburban such sudden suddenly suede suffer
suffered suffering suffers suggest suit suitcase sun sunburn sunglasses sunroof supervised supervision supply support suppose supposed sure surface
surgery surname surveillance suspected suspended suspenders sweater sweatpants sweatshirt sweatshirts swim swimming swimsuit switch switched swollen
system table tablet tackle tag tags tail tailgate tailored take taken takes taking talk talked talking tall tan tanned tape taped tarp tassel tattered
tattoo tattooed tattoos taught taupe taxi teacher team tear teardrop teeth telephone television telling temporary ten tend tent term terms
terrible test text texted texting than thank that theft their them themselves then therapy there therefore thermal these they thief thigh thin thing
things think thinking thinks thinning third thirty this thong those though thought thousand threat threaten threatened threatening three threw throat
through throw thrown thus ticket tie tied tight tights till time times tinsel tinted tiny tip tire tired tires to toboggan toddler toe together told
tomorrow tone tonight too took tooth top toque torn total touch tow toward towards towed towel tower towing town track tracksuit tractor trade traffic
trail trailer train training transfer transit transport transported trash travel traveled traveling travelled travelling travels treat treated tree
trees trial tribal tribe trick tried tries trim trip troop trooper troopers trouble trousers truck true trunk trust truth try trying tshirt tube
tugging tunic turn turned turning turns tuxedo tweed twenty twice twin twist twisted twists two type typical ugly umbrella unable unarmed unattended
uncle unclear under underneath undershirt understand understood underwear uniform unique unit unknown unless unlike unlikely unlocked unoccupied
unshaven until unusual up update updated upholstery upon upper upset upstairs upward urge urged urgent urges us use used uses using usual usually
utility valid value van vanished various vary vast vehicle vehicles velvet version very via vicinity victim victims video view village violence
violent visible visibly vision visit visited visiting visitor visor voice volunteer waders waistband waited waiting wake walk walked walking walks
walkway wallet want wanted wants warehouse warm warn warned warning warrant warrants was wash washed waste watch watched watching wave wavy ways we
weak weapon weapons wear wearing wears weather wedding week weekend weekends weigh weighed weighing weighs weight weird welfare went were western wet
what whatever wheel wheelchair wheels when whenever where whereabouts wherever whether which while whisper who whole whom whose why wide widely wife
wig windbreaker window windows windshield wipe wiper with withdrawn within without witnessed witnesses woke woman women won wonder wooden wool word
words wore worked worker workers working works world worn worried worry worse worst would wound wounded wounds woven wrap wrapped wrist wristband
wristwatch write writing written wrong wrote year years yelled yelling yesterday yet you youth zip zipped zipper
"""
_FRENCH = """
abandonne abord absence accepte accident accompagne accompagnee accord achat acheter action adolescents adresse adulte affaire afin agir agression
aide aider ailleurs aimer aine ainee ainsi air allee aller alors ami amie amies amis ancien ancienne animal annee annees annonce apercevoir appareil
appartement appel appeler apporte apprend apprenti apres arme armee armes arret arrete arretee arriere arrivee arriver article assez assis assise
attaque atteint attend attendre attention attire aucun aucune audessus aupres aussi aussitot autant auteur autobus autour autre autrement autres
avance avancer avant avertir aveugle avis avocat avoir bague bain balade banc bande bandeau barbe barbu bas basane bateau batiment beaucoup beaupere
bebe beige belle bellemere benne besoin bete beton bien bientot bijou blesse blessee blessure bleu bois boite boitier bon bonne bonnet bord bordure
botte bottes bouche bouclee bout bouteille boutique boutons bras brillant brise brisee broderie bruit brule bureau but cache cachee cadeau cadet
cadette camion campagne canot capuche capuchon car carreaux carrefour carte cas casque casquette cause caution ceci ceinture cela celle celui cent
centre cependant certain certaine certains chacun chaine chaise chaleur chambre champ chandail change changement changer chaque charge chasse chat
chaud chaudement chaussettes chaussure chaussures chauve chef chemise chemisier cher cherche chercher cheval cheville chez chien choc choisir chose
choses chute cicatrice ciel cinema circonstances circulait clair clairement classe cle cles client clients clignotant climat cloture cocagne coeur
coffre coiffe coin col colere collant collants collier combinaison comme commence commencer comment commerce communique complet compte compter
conduire conduit conduite confirme confirmer connaissance connait consigne contact contacter content contenu contre convaincu copain copine corps
corpulente correction corrige costume cote cotes coton cou couche couleur coup coups cour courait courant courir cours course courte cousin cousine
cousins couteau couvert couverte couverture crainte cri crier crime crise croire croisee croit cuir cuisine dame danger dangereux dans date davantage
debout debut decembre decision declare dedans defaut degage dehors deja demain demande demander demenage demeure demie dent dents depart departement
depuis dernier derniere derriere descendre descendu description dessin dessous dessus detail details deuxieme devant devenir devoir diabetique dieu
difference differente difficile dimanche diner dire direct directement direction dirige dirigeait disant discute disparait disparition distance divers
dizaine doigt doigts doit domicile dommage donc donne donner dont dormir dos dossier doute doux douzaine droit droite dur durant duree eau echappe
echarpe eclairage ecole ecoles economie ecran ecrit effet effort egalement eglise election element eleve elles eloigne emmene emploi employe employee
emporte encore endormi endroit enfin enfui enfuie enleve ennemi enorme enquete enseigne ensemble ensuite entend entendu entier entiere entoure
entraineur entre entree entreprise entrer envers environ envoie envoye epaule epaules epicerie epoque epouse epoux equipe erreur escalier espace
espoir essaie essence est etage etait etat ete eteint etrange etranger etre etroit etude etudiant etudiante eux evenement evident evite exactement
exemple explique expliquer expose extremement fabrique face facile facilement facon facteur faible faim faire fait faites familial famille fatigue
faut faute faux femme fenetre fer ferme fermee fete feu feux fiance fiancee fiche fichu fil filet filets filles filleul filleule film fils fin
finalement fini finir fleuri fleuve foi fois fond force forcee forcer foret forme forte fou foulard foule fourni fourrure frappe frappee fratrie frein
froid front frontiere fugitif fuir fuite fume fusil futur gagne gants garde garderie gardien gare gars gauche genou genoux gens gentil gilet gorge
gouvernement grace grande grandmere grandpere grands gravement gris gros grosse groupe guerre habille habillee habit habite habituel haine hameau
handicap haut haute hauteur herbe heure heureux heurte hier histoire hiver homme hommes honneur hopital horaire hors hotel huile humeur ici idee
identifie identite ignore image imaginer immediat immediatement immeuble impact importance important imprime inconnu inconnue indice indique individu
individus infirmier information informe informer inquiet inquiete instant intention interdit interesse interet interieur international invite jamais
jambe jambes jeans jeep jeu jeudi jeune jeunes joie joindre joue jouer jouet jour journal journee joyeux juge jumeaux jupe juridique jusque justement
kaki laisse laissee lampe langue large larme larmes lendemain lent lentement lequel lettre lettres leve levre liberte libre lien lieu lieux ligne
limite lire liste lit litre livre logement loi loin longs longtemps lors lorsque lourd lui lumiere lundi lune lunettes lutte machine magasin main
mains maintenant mais maison maitre majorite mal malade maladie malgre manche manches manger manque manteau maquillage marchand marche marcher mardi
mari mariage marque marraine masque matin mauvais mauvaise medecin medicament medicaments meilleur membre membres meme memoire menace menacee menottes
menton mer merci mere message messages metal mettre meuble midi mieux milieu militaire mille mince mine minuit minute minutes mise mission mode moins
mois moitie moment monde monnaie monter montre montrer mort morte mot moteur motif motifs moto motoneige mots mouvement moyen moyenne mur musee
musique natation nature naturel navire necessaire neige neveu nez ni niece noir nom nombre nombreux nommee nord normal note notre nous nouveau
nouvelle nouvelles nuage nuit numero objet objets obscur obtenir occasion occupants oeil officiel ongle ongles operation or orage ordre oreille
oreilles origine oublie outre ouvert ouverte ouvrir paire palais panier panne pansement pantalon pantalons papier papiers paquet parait pare parent
parents parle parler parmi parole parrain part partage partager partie partir partout passage passager passagers passe passee passer patient patinage
patrouille pauvre paye payer pays paysage peau peche peindre peint peinture pelle pendant pensee penser perdu perdue permet permis personnage personne
personnel personnes pese petite petits peu peur peut photo phrase piece pieces pied pieds pieton pilote piscine piste place plage plainte plaisir plan
planche plat plein pleine pleure pluie plupart plus plusieurs plutot pneu pneus poche poignet poil poing pois poisson poitrine police policier
policiere policiers politique pont porte portee porteur pose position possede possible poste poupee pour pourquoi pourrait poursuit poursuite pourtant
pousse poussette pouvoir premier premiere prendre prenom prenomme prenommee prepare pres presence present presente presque presse pret preuve prie
pris prise prison prive prix probable probablement probleme prochain proche procher produit professeur profond programme projet promenade promene
propos propre proprietaire protege provenance provient public puis puisque quai quand quart quartier quelconque quelque quelques question quitte
quittee quitter quoi raconte radio raison rallonge ramene ramenee rappel rapport rapporte rare rase rasee rassure ravisseurs rayee rayure rayures
recemment recent recherche recherches recherchons recit reconnu recu refuse regard regarde region regle relation remarque remis remorque rencontre
rencontree rendez rendre rendu renseignement rentre repere repond reponse repos reserve residence respect responsable ressemble reste rester retard
retour retourne retrouver reussi reve reveil revenir revient revoir revu riche rien rire rive robe roche rond rouge roule rouler route royaume rue
ruelle sable sac salle salon samedi sang sans sante sauf saute sauve savoir scene seance seche secours secret secteur securite seize sejour selon
semaine semaines semblable semble sens serie serieux serre sert service seul seule seulement siecle siege signale signalee signe signes silence simple
simplement situation social societe soeur soif soir soiree soit soldat soleil sombre somme sommeil son sorte sortie sortir souche soudain souffle
souffre soulier souliers souple sourd sourire sous souvenir souvent station style subi succes sud suffit suite suivant suivante suivi suivre sujet
superieur support sur surete surface surnom surnomme surprise surtout surveillance survenue systeme tache taches taille talon tante tapis tard tasse
tatouage tatouages teint teinte tel telephone telle tellement temoin temoins temps tendu tenir tente tenue terme terrain terre terrible tete texte
theatre tient tirer tissu titre toi toile toit tombe tombee tomber ton tot total toujours tour tourne tous tout toute toutefois toutes train traite
trajet tranquille transport travail travaille traverse traverser tresse tresses tribunal triste troisieme trop trottoir trou trouve trouvee trouver
tuque uniforme unique univers usage usine utile utilise vacances valeur valise vaste vehicule veille vendredi venir vent vente ventre venu venue
verite verre vers verse veste vestes vetement viande victime vide vie vieil vieille vieux vif village violence violente violet visage visible visite
visiter vite vitesse vitre vitres vivant vivre voie voila voir voisin voisinage voiture voix vol vole volee voler voleur volontaire volonte vouloir
voyage voyageait voyager vrai vraiment vue yeux
"""
_SPANISH = """
abajo abandonada abandonado abandono abordo abrigo abrir absoluto abuelos accidente accion aceite acera acerca acercar aclara acompana acompanada
acompanado actitud activa actividad activo actual acuerdo adelante ademas administracion adolescentes adonde afecta afuera agente agentes agosto
agresor agua ahi ahijada ahijado ahora aire aislado alcance alcanza algo alguien algun alguna algunas alguno algunos alias alla alli alrededor alta
alto altura alumno amarrado ambas ambos amenaza amenazo amiga amigas amigos ampliar amplio andaba andan andando anillo animal anoche anos ante
anterior antes anuncio aparece aparecio apariencia apellido apellidos apenas apodado apodo apoyo aproximada aquel aquella aqui arbol area aretes arma
armada armado armas arrastro arrebato arriba arte asalto asegurado asi asiento asistencia aspecto asunto ataque atencion atras aula aunque auto
autobus automovil autor autoridad autoridades auxilio avance aviso ayer ayuda ayudar azotea bajo bala balcon banco bandera bano barba barbilla barrio
base bastante bata batalla bebe bebes beso bici bicicleta bien bigote bisabuela blusa boca bolsa bolsillo bordado borde botas bote boton brazo brazos
breve brillante broma bufanda buscan buscar busqueda caballo cabello cabeza cabina cada cadera caida caja cajuela calcetin calcetines caliente calles
calma calor calvo cama camara camaras cambio cambios camina caminaba caminando caminar camino camion camioneta camisa camiseta canal cansado cantidad
capital capucha cara caracteristicas caravana carga cargo carne carrera carretera carro carros carta casa casado casco casi caso castigo causa celular
centimetros central centro cerca cerrada cerrado chaleco chamarra chancla chanclas chaqueta chica chicas chico chicos choque cicatriz ciego cielo cien
ciencia cierta ciertas cierto cinta cintura cita ciudad ciudadania claras claro clase cliente cobija coche cocina codo coger cola colaboracion colegio
collar color colores comando comenzo comercial cometer comida comisaria como companera companero compania completa completo complexion comprar comun
comunicar comunidad con concreto conduce conducia conducir conductor confirma confirmado conocer conocida conocido conocidos consejo considera consigo
contacto contar contenido contigo contra control conversacion copia corazon corre correccion correcta correcto correr corrige cortado corte cosa cosas
costa crear cree creen creer crema crimen cristal cristales cruce cruzar cuadra cuadro cuadros cual cuales cualquier cuando cuanto cuarto cubierta
cubrebocas cuchillo cuello cuenta cuento cuero cuerpo cuestion cuidado cuidadora culpa cultura cumple cunadas cura curso custodia cuyo dado danada
dano dar dato datos debajo debe deber debido debil decena decia decidir decir dedo dedos defensa deja dejado dejar dejo delante delantera delantero
delgada delito demas demasiado dentadura dentro denuncia departamento deporte deportiva deportivo derecha derecho desaparece desaparecio descalza
descalzo descripcion desde desea deseo despues destino detalle detalles detenida detenido detras dia diabetes dias dibujo dicen dicha dicho diciembre
diente dientes diferente dificil dijeron dijo dinero direccion directa director dirige disparo dispuesta distancia distinta distinto doble docena
doctor documento dolor domicilio domingo donde dormida dormido dormir duda dueno dura durante duro edad edificio educacion efectivo efecto ejemplo
ejercito ella ellas ellos embarazada embargo emision emite empleada empleado empresa encima encontraba encontrar encuentra encuentran enemigo enero
enfermedad enfermera enfermo enfrente enorme ensenar entera entonces entrada entrar entre entrego entro equipo equivocada error escapo escena escolar
escondido escribir escuela escuelas esfuerzo espacio espalda espera esperar esposa esposo esquina esta estaba estaban establecimiento estacion estado
estampado estan estar estatura este estilo estomago estudiante estudio etapa evento evita exacta examen exigir exito expareja explica extranjero
extrema extremo fabrica facial facil falda falsa falta faltan familia familiar familiares fecha ferrocarril fiesta figura fila final finalmente fino
firme flaca flaco fondo forcejeo forma foto fotografia frasco frase frente frio frontal frontera fuego fuera fueron fuerte fuertes fuerza fuerzas fuga
funcion futbol futuro gafas ganas garganta gasolinera gata gato general gente gimnasio golpe golpeada golpeo gorda gordo gorra gorro gota grado gran
grande grandes gris grito grupo guante guantes guarderia guardia guia gusta gusto habia habian habitacion habitantes habla hablan hablar hace hacen
hacer hacia hambre hasta hay haya hecho hechos helado herida heridas herido hermoso hicieron hielo hierba hijastra hijastro hijos historia hizo hogar
hoja hombro hombros hora horas hoy huella huellas hueso huida huir huye huyeron huyo idea identidad identifica identificado igual imagen importante
imposible incidente incluso indica indicio indigena individuos infantil informacion informe ingreso iniciales inicio inmediata inmediato instante
intencion intenta intento interes interior intimo inutil investigacion izquierda jefe joven jovenes juego jueves juez jugaba jugando jugar juguete
junta junto justa juventud labio labios lado lana largas largos lateral lazo lectura leer lejos lengua lentejuelas lentes lesion lesiones letra letras
levanta ley libertad libra libre libro licencia ligera limite limpio linea lista llama llamada llamado llamar llanta llantas llave llega llegado
llegar llego llena lleno lleva llevaba llevan llevar llora llorando lluvia loca localizacion localizar loco lograr luego lugar lugares lunar lunares
lunes madrastras madre madrina madrugada maestra maestro mal mala maleta malo mamas mameluco mancha manchas manda mandil maneja manejaba manera manga
mangas mano manos manta mantiene mapa maquillaje maquina marca marcas marcha martes masa mascara mascarilla mascota mayores mayoria media mediana
mediano medicamento medicamentos medicina medico medida medio mediohermana mediohermano medios mejilla mejor melena memoria menciona menor menores
menos mensaje mente mentira menton mercancia mes meses metal metro metros mezcla mezclilla mia miedo miembro miembros mientras miercoles mil militar
millon ministerio minuto minutos mira mirada mirar misma mismas mismo mitad mochila moda modelo modo mojada momento morada motivo motivos moto
motocicleta motor movil movimiento mucha muchacha muchachos muchas mucho muchos muebles muelle muerta muerte muerto mujeres mundo muneca muro musica
nacida nacido nacimiento nacion nada nadie nariz naturaleza naval necesaria necesario necesita negocio nervioso nieta nietas nieto nietos ninguna
ninguno nivel noche nocturno nombrada nombre norte nota noticia novia novio nube nuera nuestra nuestro nueva nuevo numero nunca objeto objetos obra
oeste oficial oficina oficio ofrece oido ojeras olor onda operador oracion orden oreja orejas origen orilla oscura oscuras oscuro otra otras otro
otros padece padrastros padrino pagar pagina pais paisaje pajaro palabra palo pan panal pantalla pantalon pantalones pantuflas panuelo papel paquete
par para parada parado parece parecida parecido pared parejas parientes parking parpado parque parte partes particular partida partido partir pasa
pasada pasado pasajero pasajeros pasar paseo paso patilla patio patrulla pecas pecho pedazo pedir pegado peinado pelea peligro peligrosa peligroso
pelirrojo pelona pensar peor pequena pequenas pequeno pequenos perder perdida perdido perdio perfil periodo permiso permite pero perra perro perseguir
persona personal personas pesa pesar pescado pestanas peticion picado piedra piel pierna piernas pieza pijama piloto pinta pintada pintado piso
pistola placas plan plana planta plastico plata playa playera pluma poblacion pobre poca poco pocos poder policia policial policias politica polvo
poner popular porque porta portaba portando posee posible posibles posicion precio preciso pregunta premio prenda prendas preocupa presencia presenta
presente presidente preso prestado presunta presuntos previa primaria primas primer primera primero primos principal principio prisa privada privado
probable problema procede proceso profesor profesora programa prometida pronto propia propias propietario propio propios proteccion protege provincia
proxima publica publico pude pueblo puede pueden puerta puerto pues puesto pulgar pulsera puno punta punto puntos quedo queja queria quien
quienes quiere quince quiza rapada rapado rapida rapidamente rapido rasgos rasgunos rastro rato raya rayado rayas razon reaccion recado recibe recibio
reciente recoger recogio reconoce recorrido recuerdo red redonda refiere refugio regalo region registro regreso relacion reloj remolque rendija renta
rentado repente reportada reportado reporte representante rescatada rescate reside residencial responder respuesta resto resulta resultado retrato
reunion riesgo rio rizada rizado robusta robusto rodilla rodillas rojiza ropa rosada rosado rostro rota roto ruedas ruido rumbo ruta sabado sabe saber
saca sacar saco salida salio salir salon saltar salto salud saludo sana sandalias sangre secreto secundaria sed seguida seguido seguir segun segundo
segura seguridad seguro semana semanas semejante senal senala senalo senora senorita sentada sentado sentido separa ser serie serio servicio sexta
sido siempre sigue siguiente silencio silla sillon sin sino sistema sitio sobre sobrenombre sobrina sobrinas sobrino sobrinos social sociedad sola
solamente soldado solicita solicitud sollozos solo soltera sombrero sonrisa sordo sospecha sotano subio subir sucesos sucia sucio sudadera suegra
suegro sueldo suelo sueno suerte sueter sufre sufrio sujeto sujetos sur suyo tacones tal talla tamano tambien tampoco tanta tanto taparse taquilla
tarde tardes tarea tarjeta tatuaje tatuajes taza techo telefono television tema temor temprano tener tenia tenis tercer tercera terminal termino
terreno testigo testigos tez tiempo tienda tiene tienen tierra tijera timbre tinte tipo tirantes toalla tobillo toca toda todas todavia todo todos
toma tomo tono total trabaja trabajador trabajadora trabajo tracto trae traen trafico traia traje trajeron tramo tranquila tranquilo transito
transporte tras trasera trasero trata tratamiento trenza trenzas tres triguena trigueno tripulado triste tubo ultimas unica unico uniforme union
universidad urgencia urgente usa usaba usan usar uso utiliza vacio valor varias varios vaso vecinas vecindario vecinos vehiculos veloz vemos venda
vender venganza venia ventana ventanas ver verdad verdadera verdadero vereda vestida vestido vestimenta vestir vez viaja viajaba viajaban viajan viaje
vida vidrio vidrios vieja viento vientre viernes vio visita visitas viste visten visto vistos viva vive viven vivia vivienda vivir vivo vocero volante
voluntad volver voz vuelta yerno zapatillas zapato zapatos zona
"""

_OCCUPATIONS = """
enseignante enseignant gardienne gardien livreur livreuse infirmiere infirmier medecin professeur entraineur directrice directeur eleve voisine concierge
maestra maestro ninera profesora profesor entrenador entrenadora enfermera enfermero doctora doctor conserje chofer vecina vecino alumna alumno
"""

EVERYDAY = frozenset((_ENGLISH + _FRENCH + _SPANISH + _OCCUPATIONS).split())
