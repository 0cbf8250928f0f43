//! The second half of the texts: what tenants own, what rules there are, the kit.

/// Hands the second half, and what comes behind it, to the first one.
macro_rules! second_half {
    ($($third:tt)*) => { first_half! {
    // Identities.
    IdentitiesLead "DID propios con historial verificable (did:webvh)."
        "DIDs of your own with a verifiable history (did:webvh).";
    Identity "Identidad" "Identity";
    NewIdentity "Nueva identidad" "New identity";
    NoIdentities "Aún no hay identidades" "No identities yet";
    NoIdentitiesText "Crea una para una persona, un servicio o un agente."
        "Create one for a person, a service or an agent.";
    Name "Nombre" "Name";
    NameForPeople "Para las personas; de 1 a 64 caracteres." "For people; 1 to 64 characters.";
    IdentityName "De 1 a 40 caracteres: a-z, 0-9 y guiones en medio."
        "1 to 40 characters: a-z, 0-9 and hyphens inside.";
    Kind "Para quién" "For whom";
    KindPerson "Persona" "Person";
    KindPersonText "Alguien de carne y hueso." "Somebody of flesh and blood.";
    KindService "Servicio" "Service";
    KindServiceText "Un sistema que actúa por sí mismo." "A system that acts by itself.";
    KindAgent "Agente" "Agent";
    KindAgentText "Una IA que actúa bajo reglas." "An AI that acts under rules.";
    IdentityEffect "Se crea la identidad {0} con claves nuevas, selladas en la plataforma."
        "Identity {0} is created with new keys, sealed in the platform.";
    IdentityPublic "Su documento y su historial son públicos, y su nombre es único en el despliegue."
        "Its document and history are public, and its name is unique in the deployment.";
    Did "DID" "DID";
    DidForm "Un DID empieza por did:" "A DID starts with did:";
    Document "Documento" "Document";
    Parameters "Parámetros" "Parameters";
    ResolveDid "Resolver un DID" "Resolve a DID";
    ResolveLead "El documento de cualquier DID: did:webvh, did:web y did:key."
        "The document of any DID: did:webvh, did:web and did:key.";
    Resolve "Resolver" "Resolve";
    KeysOfDid "Claves y para qué sirven" "Keys and what they are for";

    // Wallets.
    WalletsLead "Firman dos partes; la clave privada nunca existe entera."
        "Two parties sign; the private key never exists in one place.";
    Wallet "Cartera" "Wallet";
    NewWallet "Nueva cartera" "New wallet";
    NoWallets "Aún no hay carteras" "No wallets yet";
    NoWalletsText "Crea una para lanzar tokens y moverlos." "Create one to launch tokens and move them.";
    WalletActive "Activa" "Active";
    WalletCreating "Creándose" "Being created";
    KeyIsMade "Las dos partes están generando la clave…" "Both parties are making the key…";
    Address "Dirección" "Address";
    Id "Id" "Id";
    BelongsTo "Pertenece a" "Belongs to";
    BelongsToHint "Un DID; opcional." "A DID; optional.";
    Recovery "Destinatario de recuperación" "Recovery recipient";
    RecoveryHint
        "Una clave pública age (age1…): cada parte le sella su fragmento, para que siempre puedas irte. Opcional, y \
         solo ahora."
        "An age public key (age1…): each party seals its share to it, so that you can always leave. Optional, and \
         only now.";
    RecoveryForm "Un destinatario age empieza por age1." "An age recipient starts with age1.";
    RecoveryKit "Kit de recuperación" "Recovery kit";
    WalletEffect "La plataforma y el guardián generan una clave entre los dos; tarda unos segundos."
        "The platform and the guardian make a key between them; it takes some seconds.";
    WalletPolicyEffect "Rigen los límites diarios de una cartera nueva, en ambas partes."
        "The daily limits of a new wallet hold, in both parties.";
    WalletKit "Se crea un kit de recuperación para ese destinatario." "A recovery kit for that recipient is made.";
    WalletNoKit "Sin kit de recuperación: si la plataforma se pierde, la cartera también."
        "Without a recovery kit: if the platform is lost, so is the wallet.";
    Parties "Partes que firman" "Parties that sign";
    PartyWallet "Plataforma (K)" "Platform (K)";
    PartyWalletText "Guarda un fragmento sellado y aplica la política." "Keeps a sealed share and applies the policy.";
    PartyGuardian "Guardián (G)" "Guardian (G)";
    PartyGuardianText "Guarda el otro fragmento, descifra cada operación y la juzga por su cuenta."
        "Keeps the other share, decodes every operation and judges it by itself.";
    PartiesText "Hacen falta las dos: ninguna puede firmar sola." "It takes both: neither can sign alone.";
    Policy "Lo que puede hacer" "What it may do";
    PolicyOperations "Firmar hasta {0} operaciones al día." "Sign up to {0} operations a day.";
    PolicyCreations "Crear hasta {0} tokens al día." "Create up to {0} tokens a day.";
    PolicyUnits "Acuñar o mover hasta {0} unidades al día de cada token propio (con 18 decimales)."
        "Mint or move up to {0} units a day of each token of its own (at 18 decimals).";
    PolicyNoDocuments "No puede firmar documentos." "It may not sign documents.";
    PolicyDocuments "Firmar documentos de {0} contratos, hasta {1} al día."
        "Sign documents of {0} contracts, up to {1} a day.";
    PolicyApproval "Para crear, y para acuñar, mover o quemar al día más de {0} unidades de un token (con 18 \
        decimales), hace falta la firma de {1} de estas personas. El guardián la comprueba por su cuenta."
        "To create, and to mint, move or burn more than {0} units of a token a day (with 18 decimals), it needs the \
        signatures of {1} of these people. The guardian checks them by itself.";
    PolicyPasskeys "Las llaves de acceso (passkeys) son de {0}, y solo cuentan en sus páginas."
        "The passkeys are of {0}, and count on its pages alone.";
    PolicyNoApproval "Dentro de estos límites no hace falta la firma de nadie."
        "Within these limits nobody's signature is needed.";
    LimitsUsed "Usado hoy (día UTC)" "Used today (a day of UTC)";
    Operations "Operaciones" "Operations";
    Creations "Tokens creados" "Tokens created";
    SignedDocuments "Documentos firmados" "Documents signed";
    UsedOf "{0} de {1}" "{0} of {1}";
    UsedUnits "Unidades (con 18 decimales)" "Units (at 18 decimals)";
    UsedFree "{0} sin firma de nadie" "{0} by nobody's signature";
    PolicyRest "Todo lo demás está prohibido." "Everything else is denied.";

    // Tokens.
    TokensLead "Los que crearon tus carteras, en Polygon." "Those that your wallets created, on Polygon.";
    Token "Token" "Token";
    NewToken "Nuevo token" "New token";
    NewTokenLead "Dos minutos: qué es, quién lo administra, y antes de crear nada, lo que va a pasar."
        "Two minutes: what it is, who administers it, and before anything is created, what will happen.";
    NoTokens "Aún no hay tokens" "No tokens yet";
    NoTokensText "Crea uno con una de tus carteras." "Create one with one of your wallets.";
    Standard "Estándar" "Standard";
    Erc20Text "Fungible: puntos, saldos, participaciones. 18 decimales."
        "Fungible: points, balances, shares. 18 decimals.";
    Erc721Text "Único: entradas, títulos, coleccionables." "One of a kind: tickets, titles, collectibles.";
    Symbol "Símbolo" "Symbol";
    SymbolHint "Corto, como ACME." "Short, like ACME.";
    TokenWalletHint "La que lo crea y lo administra." "The one that creates and administers it.";
    ChooseWallet "Elige una cartera" "Choose a wallet";
    Issuer "Emisor" "Issuer";
    IssuerHint "El DID de quien lo emite; opcional." "The DID of who issues it; optional.";
    WhatItIs "Qué es" "What it is";
    HowMuch "Cuánto habrá" "How much there will be";
    EachOne "Cada pieza" "Each piece";
    Cap "Máximo" "Cap";
    CapHint "Lo máximo que podrá existir, en tokens enteros. Vacío: sin máximo."
        "The most that can ever exist, in whole tokens. Empty: no cap.";
    BaseUri "URI de los metadatos" "Metadata URI";
    BaseUriHint "Donde están los metadatos de cada pieza; opcional." "Where the metadata of each piece lies; optional.";
    Royalty "Regalía (%)" "Royalty (%)";
    RoyaltyForm "De 0 a 100, con dos decimales como mucho." "0 to 100, with two digits at most behind the point.";
    Soulbound "Intransferible" "Soulbound";
    SoulboundHint "Cada pieza se queda con quien la recibe primero (ERC-5192)."
        "Each piece stays with who gets it first (ERC-5192).";
    CreateToken "Crear el token" "Create the token";
    CreateTokenTitle "¿Crear este token?" "Create this token?";
    TokenEffect "Se despliega un contrato {0} llamado «{1}», con símbolo {2}."
        "A contract of {0} is deployed, named “{1}”, symbol {2}.";
    TokenAdmin "La cartera {0} lo crea y es su administradora." "Wallet {0} creates it and is its administrator.";
    TokenCap "Nunca podrán existir más de {0} {1}." "No more than {0} {1} can ever exist.";
    TokenNoCap "No tiene máximo: su administradora puede acuñar sin fin."
        "There is no cap: its administrator can mint without end.";
    TokenSoulbound "Cada pieza se queda con su primer dueño." "Each piece stays with its first holder.";
    TokenTransferable "Cada pieza puede cambiar de dueño." "Each piece can change hands.";
    TokenGas "El gas lo paga el despliegue, no la cartera." "The deployment pays the gas, not the wallet.";
    TokenForEver "El contrato no se puede cambiar ni borrar después."
        "The contract can be neither changed nor removed afterwards.";
    Supply "En circulación" "Supply";
    AtBlock "En el bloque" "At block";
    AtBlockNumber "en el bloque {0}" "at block {0}";
    Unsaid "No lo dice" "It does not say";
    TokenSays "Nombre y símbolo los eligió quien lo desplegó: son texto, no prueba de nada."
        "Name and symbol were chosen by whoever deployed it: text, and no proof of anything.";
    Balance "Saldo" "Balance";
    Holder "Dirección del titular" "Holder's address";
    ReadBalance "Consultar" "Look up";
    Holders "Titulares" "Holders";
    HoldersAt "{0} en el bloque final {1}." "{0} at final block {1}.";
    HoldersReading "Aún se leen bloques: la lista es de uno anterior."
        "Blocks are still being read: the list is of an older one.";
    Share "Parte del total" "Share of supply";
    NoHolders "Nadie lo tiene todavía" "Nobody holds it yet";
    NoHoldersText "Quien lo reciba aparece aquí en cuanto la transferencia es definitiva."
        "Whoever receives it appears here once the transfer is final.";
    AddressForm "Una dirección tiene 0x y 40 dígitos hexadecimales, con su suma de comprobación si lleva mayúsculas."
        "An address has 0x and 40 hexadecimal digits, with its checksum if it has capitals.";
    Mint "Acuñar" "Mint";
    Transfer "Transferir" "Transfer";
    Receiver "Quién recibe" "Receiver";
    Amount "Cantidad" "Amount";
    AmountHint "En tokens enteros, con punto decimal." "In whole tokens, with a decimal point.";
    AmountForm "Solo dígitos y un punto decimal." "Digits and one decimal point only.";
    AmountTooFine "Tiene más decimales que el token." "It has more decimals than the token.";
    AmountTooLarge "Es más de lo que un contrato puede contar." "It is more than a contract can count.";
    AmountZero "Tiene que ser más que cero." "It has to be more than zero.";
    TokenId "Número de la pieza" "Token id";
    TokenIdHint "Un número entero que aún no exista." "A whole number that does not exist yet.";
    MintEffect "Se acuñan {0} para {1}, con la cartera {2}." "{0} are minted to {1}, by wallet {2}.";
    TransferEffect "Se transfieren {0} a {1}, desde la cartera {2}." "{0} are moved to {1}, from wallet {2}.";
    BaseUnits "En unidades base: {0} ({1} decimales)." "In base units: {0} ({1} decimals).";
    BothSign "Firman la plataforma y el guardián, cada uno tras comprobar sus límites."
        "Platform and guardian sign, each after it has checked its limits.";
    OnceOnly "Ocurre una sola vez, aunque se pierda la conexión o lo pidas de nuevo."
        "It happens once, even if the connection is lost or you ask again.";
    FinalNotBack "Cuando el bloque es final, no se puede deshacer." "Once its block is final, it cannot be undone.";

    // Limits.
    LimitsLead "Cuántas solicitudes se admiten, y quién lo decide." "How many requests are admitted, and who decides.";
    OwnRules "Reglas de tu organización" "Rules of your tenant";
    NoOwnRules "Tu organización no tiene reglas propias: valen las del despliegue."
        "Your tenant has no rules of its own: those of the deployment hold.";
    DeploymentRules "Reglas del despliegue" "Rules of the deployment";
    Rule "Regla" "Rule";
    Rate "Tasa" "Rate";
    RuleRate "{0} en {1} s" "{0} in {1} s";
    Burst "De golpe" "At once";
    Explain "Explicar" "Explain";
    ExplainText "Qué dirían las reglas de una solicitud. Preguntar no gasta nada."
        "What the rules would say of a request. Asking spends nothing.";
    Method "Método" "Method";
    Path "Ruta" "Path";
    Admitted "Admitida" "Admitted";
    Refused "Rechazada" "Refused";
    Remaining "quedan {0} de {1}" "{0} of {1} left";

    // Keys.
    KeysLead "Quién puede hacer qué en nombre de tu organización." "Who may do what in your tenant's name.";
    NewKey "Nueva clave" "New key";
    Scopes "Permisos" "Scopes";
    AllScopes "Todos" "All";
    MadeBy "Creada por" "Made by";
    ThisKey "esta sesión" "this session";
    ChooseScopes "Elige al menos un permiso." "Choose at least one scope.";
    KeyShownOnce "La clave se muestra una sola vez: no se guarda y no se puede volver a ver."
        "The key is shown this once: it is not stored and cannot be seen again.";
    KeyMoney "Con estos permisos puede mover dinero o derechos." "With these scopes it can move money or rights.";
    KeyReads "Con estos permisos solo puede leer." "With these scopes it can only read.";
    KeyMade "Guarda la clave ahora" "Store the key now";
    KeyStored "Ya la guardé" "I have stored it";
    Revoke "Revocar" "Revoke";
    RevokeTitle "¿Revocar esta clave?" "Revoke this key?";
    RevokeEffect "«{0}» deja de servir: para el dinero, al instante; para lo demás, en diez segundos."
        "“{0}” stops working: for money at once, for everything else within ten seconds.";
    RevokeNotBack "No se puede deshacer." "This cannot be undone.";
    RevokeOwn "Es la clave de esta sesión: la cerrarás." "It is the key of this session: you will be signed out.";

    // The operator's pages.
    TenantsLead "Cada organización tiene sus claves, identidades, carteras y tareas, aparte de las demás."
        "Each tenant has keys, identities, wallets and tasks of its own, apart from all others.";
    NewTenant "Crear organización" "Create tenant";
    TenantMade "Organización creada:" "Tenant created:";
    AlertsLead "Lo que vigila el despliegue por ti." "What watches the deployment for you.";
    LookedAt "Última revisión:" "Last looked at:";
    Severity "Gravedad" "Severity";
    Since "Desde" "Since";
    Value "Valor" "Value";
    Firing "Activa" "Firing";
    Pending "A punto" "Pending";
    Resolving "Cediendo" "Resolving";
    Critical "Crítica" "Critical";
    Warning "Aviso" "Warning";
    Info "Información" "Information";
    NoEvents "No ha pasado nada" "Nothing has happened";
    NoEventsText "Aquí queda lo que una alerta empieza y termina." "What an alert begins and ends stands here.";
    Delivery "Entrega" "Delivery";
    DeliveryNone "No hacía falta" "Not needed";
    DeliveryWaiting "Pendiente" "Waiting";
    DeliveryDone "Entregada" "Delivered";
    DeliveryGivenUp "Abandonada" "Given up";
    SilenceAlert "Silenciar" "Silence";
    Silenced "Silenciada" "Silenced";
    ForHowLong "Durante" "For";
    EndSilence "Quitar el silencio" "End the silence";
    SilenceEffect "No se entrega nada de «{0}» durante {1} h." "Nothing is delivered of “{0}” for {1} h.";
    SilenceEnds "Se vuelve a entregar lo que diga «{0}»." "What “{0}” says is delivered again.";
    SilenceHistory "El historial se conserva igualmente." "The history is kept all the same.";

    // Settings.
    SettingsLead "Lo que eliges se recuerda en este navegador." "What you choose is remembered in this browser.";
    Appearance "Apariencia" "Appearance";
    Language "Idioma" "Language";
    Theme "Colores" "Colours";
    ThemeAuto "Como el sistema" "As the system";
    ThemeAutoText "Claros u oscuros según tu dispositivo." "Light or dark, as your device says.";
    ThemeLight "Claros" "Light";
    ThemeDark "Oscuros" "Dark";
    Session "Sesión" "Session";
    SignedInAs "Sesión de" "Signed in as";
    RoleTenant "Organización" "Tenant";
    RoleOperator "Operador del despliegue" "Operator of the deployment";
    TenantId "Organización" "Tenant";
    KeyId "Clave" "Key";
    Keyboard "Teclado" "Keyboard";
    MoveInLists "Moverse en menús, pestañas y listas" "Move in menus, tabs and lists";

    // The kit.
    KitLead "Cada pieza con la que se construye la consola, en sus estados."
        "Every part that the console is made of, in its states.";
    KitActions "Acciones" "Actions";
    KitFields "Campos" "Fields";
    KitDialogs "Diálogos" "Dialogs";
    KitDialog "Abrir un diálogo" "Open a dialog";
    KitTables "Tablas" "Tables";
    KitMany "Diez mil filas; en el documento solo están las que se ven."
        "Ten thousand rows; only those that can be seen are in the document.";
    KitTabs "Pestañas" "Tabs";
    KitWords "Palabras y valores" "Words and values";
    KitDocuments "Documentos" "Documents";
    KitPlots "Gráficas" "Plots";
    KitStates "Estados" "States";
    KitToast "Mostrar un mensaje" "Show a message";

    $($third)*
    } };
}
