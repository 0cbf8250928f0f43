//! The third part of the texts: what people decide, the mind, the edge, and what is done to many at once.

/// Puts the third part behind the others.
macro_rules! third_part {
    () => { second_half! {
    // Approvals.
    Approvals "Aprobaciones" "Approvals";
    ApprovalsLead "Lo que espera la decisión de una persona." "What waits for somebody to decide.";
    NoApprovals "Nada espera una decisión" "Nothing waits for a decision";
    NoApprovalsText "Aquí aparecen los pasos y los planes que piden una aprobación."
        "Steps and plans that ask for an approval appear here.";
    WhatFollows "Lo que sigue si se aprueba" "What follows if it is approved";
    ApprovalRule "Tienen que aprobar {0} de {1}. Aprobaciones hasta ahora: {2}."
        "{0} of {1} have to approve. Approvals so far: {2}.";
    RuleThatFired "Regla" "Rule";
    WhoDecides "Quién decide" "Who decides";
    HasApproved "Aprobó" "Approved";
    HasRefused "Rechazó" "Refused";
    Approve "Aprobar…" "Approve…";
    Refuse "Rechazar…" "Refuse…";
    ApproveChosen "Aprobar lo elegido…" "Approve chosen…";
    RefuseChosen "Rechazar lo elegido…" "Refuse chosen…";
    StepWanted "Faltan: {0}" "Wanted: {0}";
    Decision "Firmar la decisión" "Sign the decision";
    SendDecision "Enviar la decisión" "Send the decision";
    ApproveEffect "Se aprueba {0}: sigue en cuanto bastan las aprobaciones."
        "{0} is approved: it goes on once enough have approved.";
    RefuseEffect "Se rechaza {0}." "{0} is refused.";
    DecisionDigest "La firma vale para esta huella y para ninguna otra, durante una hora."
        "The signature counts for this digest and no other one, for an hour.";
    DecisionBinds "Queda en el historial con el DID que firmó." "It stands in the history with the DID that signed.";
    SignThis "Firma esto con una clave de autenticación del DID que decide, como JWS compacto, y pega la firma abajo. \
        Una clave de API no basta: una aprobación es de una persona."
        "Sign this with an authentication key of the DID that decides, as a compact JWS, and paste it below. A key \
        of the API is not enough: consent is a person's.";
    ApprovalsCut "Espera más de lo que cabe aquí: se muestran como mucho {0} tareas y {1} planes."
        "More waits than fits here: at most {0} tasks and {1} plans are shown.";
    ValidUntil "Válida hasta" "Valid until";
    SignWith "Con qué clave" "With which key";
    SignHere "Firmar aquí" "Sign here";
    SignHereText "La clave de este navegador firma como {0}." "The key of this browser signs as {0}.";
    SignTouched "Firmar con la llave de acceso «{0}»" "Sign with the passkey “{0}”";
    SignTouchedText "Firma como {0}, y pide tu huella, tu cara o tu PIN."
        "It signs as {0}, and asks for your fingerprint, your face or your PIN.";
    SignElsewhere "Firmar fuera" "Sign elsewhere";
    SignElsewhereText "Pegas una firma hecha con otra clave." "You paste a signature made with another key.";

    // A task that is followed.
    FollowLive "En directo" "Live";
    FollowAsking "Cada segundo" "Every second";
    FollowPaused "En pausa" "Paused";
    FollowOffline "Sin conexión" "Offline";

    // The signing key of this browser.
    SigningKey "Clave de firma de este navegador" "Signing key of this browser";
    SigningKeyLead "Con ella firmas aprobaciones aquí mismo, con un DID propio."
        "With it you sign approvals right here, as a DID of its own.";
    MakeKey "Crear una clave de firma" "Create a signing key";
    KeyLimits
        "Nombra este DID entre quienes deciden. La clave no sale de este navegador ni tiene copia: se pierde si borras \
         los datos del sitio, y quien use este perfil puede firmar con ella. No es una llave de acceso (passkey): no \
         pide huella ni PIN."
        "Name this DID among those who decide. The key never leaves this browser and has no copy: it goes with the \
         site's data, and whoever uses this browser profile can sign with it. It is no passkey: it asks for no \
         fingerprint and no PIN.";
    ForgetKey "Olvidar la clave" "Forget the key";
    ForgetKeySigns "Este navegador deja de firmar como {0}." "This browser no longer signs as {0}.";
    ForgetKeyLost "La clave privada se destruye: no hay copia y nadie puede recuperarla."
        "The private key is destroyed: there is no copy, and nobody can bring it back.";
    ForgetKeyWaits "Lo que espera a ese DID se queda sin su firma; donde se le nombra hay que poner otro."
        "What waits for that DID stays without its signature; wherever it is named, another one has to stand.";
    NoEd25519
        "Este navegador no puede firmar: su WebCrypto no tiene Ed25519, o esta página no llegó por https. Actualízalo, \
         o firma fuera y pega la firma."
        "This browser cannot sign: its WebCrypto has no Ed25519, or this page did not come over https. Update it, or \
         sign elsewhere and paste the signature.";
    NoKeyStorage "Este navegador no guarda claves para esta página." "This browser keeps no keys for this page.";
    KeyGone "La clave ya no está en este navegador." "The key is not in this browser any more.";
    KeyMissingHere "Este navegador no tiene clave de firma; puedes crearla en Ajustes."
        "This browser has no signing key; you can create one in Settings.";
    KeyNotAmong "La clave de este navegador firma como {0}, que no decide aquí."
        "The key of this browser signs as {0}, which does not decide here.";
    NotSigned "No se pudo firmar" "It could not be signed";
    Proof "Firma (JWS)" "Signature (JWS)";
    ProofHint "Con el kid de la clave en su cabecera." "With the key's kid in its header.";

    // The mind.
    NavMind "Mente" "Mind";
    Mind "Planes" "Plans";
    MindLead "Di qué quieres en palabras: un modelo propone un plan y nada se ejecuta sin aprobación."
        "Say what you want in words: a model proposes a plan, and nothing runs without approval.";
    NewPlan "Plan nuevo" "New plan";
    Plans "Planes" "Plans";
    Plan "Plan" "Plan";
    NoPlans "Aún no hay planes" "No plans yet";
    NoPlansText "Escribe un objetivo para que un modelo lo planifique." "Write a goal to have a model plan it.";
    Goal "Objetivo" "Goal";
    GoalHint "Por ejemplo: acuña 10 tokens para ana." "For example: mint 10 tokens to ana.";
    PlanDetails "Valores, modelo y agente" "Values, model and agent";
    Inputs "Valores por su nombre" "Values by their names";
    InputsHint "JSON: direcciones, importes y carteras que el objetivo nombra; el modelo no ve su contenido."
        "JSON: addresses, amounts and wallets that the goal names; the model does not see what they are.";
    Model "Modelo" "Model";
    ModelHint "Vacío: el del agente, o cualquiera." "Empty: the agent's, or any.";
    Agent "Agente" "Agent";
    AgentHint "Vacío: en tu nombre." "Empty: in your own name.";
    ProposePlan "Proponer un plan" "Propose a plan";
    PlanRunsNothing "Solo se propone y se revisa: no se ejecuta nada."
        "It is proposed and checked alone: nothing runs.";
    Spanish "Español" "Spanish";
    English "Inglés" "English";
    PlanProposed "El modelo planifica" "A model plans";
    PlanChecked "En revisión" "Being checked";
    PlanAwaiting "Espera aprobación" "Waits for approval";
    PlanApproved "Aprobado" "Approved";
    PlanFrozen "Congelado" "Frozen";
    PlanRefused "Rechazado" "Refused";
    NativeMost "Coste máximo" "Cost at most";
    Expires "Caduca" "Expires";
    Step "Paso" "Step";
    NoStepsYet "Aún no tiene pasos." "It has no steps yet.";
    Effect "Efecto" "Effect";
    Risk "Riesgo" "Risk";
    RiskMoves "Mueve fondos" "Moves funds";
    RiskCreates "Crea" "Creates";
    RiskNone "Ninguno" "None";
    GasMost "Gas máximo" "Gas at most";
    Simulated "Simulado" "Simulated";
    Simulate "Simular ahora" "Simulate now";
    SimulateText "Dice cómo iría ahora: políticas, precios y simulación, sin cambiar nada."
        "Says how it would go now: policies, prices and simulation, and changes nothing.";
    RunPlan "Ejecutar el plan" "Run the plan";
    RunPlanEffect "Empieza una tarea que hace estos pasos, una sola vez." "A task begins that does these steps, once.";
    RunPlanAnew "Antes se vuelve a comprobar todo: si algo cambió o cuesta más, no empieza."
        "All is checked again before: if something changed or costs more, it does not begin.";
    StopPlan "Detener el plan" "Stop the plan";
    StopPlanEffect "Antes de ejecutarse queda rechazado; si ya corre, su tarea se cancela."
        "Before it runs it is refused; if it runs already, its task is cancelled.";
    StopPlanChain "Lo que ya está en la cadena no se deshace." "What is on the chain already is not undone.";
    EffectsExpected "Efectos esperados" "Expected effects";
    Mismatches "Lo que no coincide" "What does not match";
    StopMind "Detener" "Stop";
    ResumeMind "Reanudar" "Resume";
    WholeTenant "Toda la organización" "The whole tenant";
    StopEffect "Ninguna llamada a un modelo empieza ya: {0}." "No call of a model begins any more: {0}.";
    StopUnderWay "Las llamadas en curso terminan y se cuentan." "Calls under way end, and count.";
    ResumeMindEffect "Las llamadas pueden empezar de nuevo: {0}." "Calls may begin again: {0}.";
    MindIsStopped "La mente está detenida: ninguna llamada a un modelo empieza."
        "The mind is stopped: no call of a model begins.";
    Stopped "Detenido" "Stopped";

    // A conversation with a model.
    Chat "Conversación" "Chat";
    ChatLead "Pregunta a un modelo de tu organización. Aquí no hay herramientas: nada de lo que diga se ejecuta, y la \
        conversación se pierde al salir."
        "Ask a model of your tenant. There are no tools here: nothing that it says is carried out, and the \
        conversation goes when you leave.";
    ChatYou "Tú" "You";
    ChatMessage "Mensaje" "Message";
    ChatHint "Intro envía; con mayúsculas, salta de línea." "Enter sends; with Shift it begins a line.";
    ChatSend "Enviar" "Send";
    ChatStop "Parar la respuesta" "Stop the answer";
    ChatStopped "la paraste: cuenta todo lo reservado" "you stopped it: all that was reserved counts";
    ChatUsage "{0} tokens leídos, {1} escritos" "{0} tokens read, {1} written";
    ChatLength "cortada por el límite de tokens" "cut off by the limit of tokens";
    ChatRefusal "el modelo o un filtro la rechazó" "the model or a filter refused";
    ChatFailed "La respuesta no llegó entera" "The answer did not come whole";

    // Agents.
    Agents "Agentes" "Agents";
    AgentsLead "Cada uno con su identidad, su cartera y su modelo, sin derechos propios: sus planes se juzgan como \
        todos."
        "Each with its identity, its wallet and its model, and no rights of its own: its plans are judged like all.";
    NoAgents "Aún no hay agentes" "No agents yet";
    NoAgentsText "Un agente planifica solo, según su programación." "An agent plans by itself, by its schedule.";
    NewAgent "Abrir o crear" "Open or create";
    AgentName "De 1 a 32 letras minúsculas, cifras y guiones." "1 to 32 lower-case letters, digits and dashes.";
    Notes "Notas" "Notes";
    Memory "Memoria" "Memory";
    MemoryText "Las notas pueden decidir un nombre o una hora, nunca un destinatario, un token o un importe."
        "Notes can decide a name or a time, and never a recipient, a token or an amount.";
    Tools "Herramientas" "Tools";
    AgentEffect "El agente se guarda; su memoria y su botón de parada quedan como están."
        "The agent is stored; its memory and its stop button stay as they are.";
    AgentRights "No recibe ningún derecho: cada ejecución es un plan que se juzga."
        "It gets no rights: each of its runs is a plan that is judged.";
    StopAgent "Detener el agente" "Stop the agent";
    StopAgentRuns "Un plan que ya corre se detiene en su propia página."
        "A plan that runs already is stopped on its own page.";
    ForgetAgent "Olvidar el agente" "Forget the agent";
    ForgetAgentEffect "«{0}» desaparece con su memoria y su programación."
        "“{0}” goes with its memory and its schedule.";

    // Models and budgets.
    Models "Modelos y presupuestos" "Models and budgets";
    ModelsLead "Quién responde, cuánto puede gastarse y cuánto se gasta." "Who answers, what may be spent and what is.";
    Providers "Proveedores" "Providers";
    NoProviders "Aún no hay proveedores" "No providers yet";
    NoProvidersText "Añade uno abajo, en «Editar», y luego su clave." "Add one below, under “Edit”, and then its key.";
    BaseUrl "Dirección" "Address";
    ProviderKey "Clave" "Key";
    KeySet "Guardada" "Stored";
    KeyMissing "Falta" "Missing";
    PutKey "Poner la clave" "Put the key";
    PutKeyEffect "La clave de «{0}» se guarda sellada." "The key of “{0}” is stored sealed.";
    PutKeyNeverShown "No se vuelve a mostrar nunca." "It is never shown again.";
    Budgets "Presupuestos" "Budgets";
    NoBudgets "Sin presupuestos" "No budgets";
    NoBudgetsText "Sin tope no se reserva nada." "Without a cap nothing is reserved.";
    Whose "De quién" "Whose";
    UsedToday "Hoy" "Today";
    CapDay "Tope al día" "Cap a day";
    UsedMonth "Este mes" "This month";
    CapMonth "Tope al mes" "Cap a month";
    PlanRules "Reglas de los planes" "Rules for plans";
    PlanRulesEffect "Valen para los planes que empiecen desde ahora." "They hold for plans that begin from now on.";
    BudgetsEffect "Lo contado sigue contado, y quien está detenido sigue detenido."
        "What is counted stays counted, and who is stopped stays stopped.";
    ProvidersEffect "Quien falte se olvida, con su clave." "Whoever is missing is forgotten, with its key.";
    PutWhole "El documento sustituye por entero al guardado." "The document replaces the stored one as a whole.";
    Edit "Editar" "Edit";
    DryRun "Probar" "Try it out";
    DryRunFits "Se aceptaría tal cual; no se ha cambiado nada." "It would be accepted as it is; nothing was changed.";

    // The edge.
    NavEdge "Borde" "Edge";
    Routes "Rutas" "Routes";
    RoutesLead "Qué hace el borde con cada petición: la primera ruta que encaja la toma."
        "What the edge does with each request: the first route that matches takes it.";
    NoRoutes "Aún no hay rutas" "No routes yet";
    NoRoutesText "Escribe una tabla abajo y pruébala antes de guardarla."
        "Write a table below, and try it out before you save it.";
    RouteTable "Tabla de rutas" "Table of routes";
    RoutesEffect "La tabla vale en todo el borde en unos segundos." "The table holds at the whole edge within seconds.";
    NewVersion "Se guarda como versión nueva; si alguien la cambió entretanto, se rechaza."
        "It is stored as a new version; if somebody changed it meanwhile, it is refused.";
    Matches "Peticiones" "Requests";
    Targets "Destinos" "Targets";
    Cache "Caché" "Cache";
    Versions "Versiones" "Versions";
    VersionsText "Muestra qué difiere de la versión actual." "Shows what differs from the current version.";
    Tags "Etiquetas" "Tags";
    TagsHint "Con espacios entre ellas; el nombre de una ruta es una etiqueta."
        "With spaces between; a route's name is a tag.";
    Purge "Purgar" "Purge";
    PurgeAll "Purgar todo" "Purge everything";
    PurgeTags "Se olvidan las respuestas con estas etiquetas: {0}." "Answers with these tags are forgotten: {0}.";
    PurgeAllEffect "Se olvidan todas las respuestas guardadas." "All answers that are kept are forgotten.";
    PurgeText "Las próximas peticiones van a su destino." "The next requests go to their targets.";
    Functions "Funciones" "Functions";
    FunctionsLead "Módulos de WebAssembly que el borde ejecuta por ti."
        "WebAssembly modules that the edge runs for you.";
    NoFunctions "Aún no hay funciones" "No functions yet";
    NoFunctionsText "Sube un módulo y ponlo en una ruta." "Upload a module, and put it into a route.";
    PutFunction "Subir un módulo" "Upload a module";
    PutFunctionEffect "El módulo pasa a ser la versión siguiente de «{0}»."
        "The module becomes the next version of “{0}”.";
    GrantsEffect "Puede pedir: {0}." "It may ask for: {0}.";
    FunctionName "De 1 a 32 letras minúsculas, cifras y guiones." "1 to 32 lower-case letters, digits and dashes.";
    DeleteFunctionEffect "«{0}» desaparece con todas sus versiones; las rutas que la nombran fallan."
        "“{0}” goes with all of its versions; routes that name it fail.";
    Bytes "Bytes" "Bytes";
    Grants "Permisos" "Grants";
    Module "Módulo" "Module";

    // Editing what stood before.
    LimitsEffect "Valen a la vez que las del despliegue." "They hold beside those of the deployment.";
    AlertRules "Reglas y destino" "Rules and where events go";
    AlertsEffect "Las reglas valen desde la próxima mirada." "The rules hold from the next look on.";
    IdentityChange "Servicios y otros nombres" "Services and other names";
    IdentityChangeEffect "El documento recibe una versión nueva, que queda en su historial."
        "The document gets a new version, which stays in its history.";
    ForAllToSee "Cualquiera puede leerla." "Anyone can read it.";

    // Many tasks at once.
    Choose "Elegir" "Choose";
    Chosen "{0} elegidas" "{0} chosen";
    ChooseNamed "Elegir {0}" "Choose {0}";
    ChooseAll "Elegir todas" "Choose all";
    ChooseNone "Ninguna" "None";
    CancelMany "Cancelar {0}…" "Cancel {0}…";
    RedriveMany "Reintentar {0}…" "Redrive {0}…";
    CancelManyTitle "Cancelar las tareas elegidas" "Cancel the chosen tasks";
    RedriveManyTitle "Reintentar las tareas elegidas" "Redrive the chosen tasks";
    CancelManyEffect "Se cancelan {0} tareas: los pasos que no han empezado no ocurren."
        "{0} tasks are cancelled: steps that have not begun do not happen.";
    RedriveManyEffect "Vuelven a correr {0} tareas, desde lo que falló." "{0} tasks run again, from what failed.";
    ManyLeft "{0} de las elegidas no lo admiten y quedan como están."
        "{0} of the chosen cannot and stay as they are.";
    ManyDone "{0} hechas, {1} rechazadas" "{0} done, {1} refused";
    Views "Vistas guardadas" "Saved views";
    SaveView "Guardar esta vista" "Save this view";
    ViewName "Nombre de la vista" "Name of the view";
    ForgetView "Olvidar la vista {0}" "Forget the view {0}";

    // Members, and how they sign in.
    Members "Miembros" "Members";
    MembersLead "Quién puede iniciar sesión con su cartera o su DID, sin clave de API, y qué puede hacer."
        "Who may sign in with a wallet or a DID, without an API key, and what they may do.";
    NoMembers "Aún no hay miembros" "No members yet";
    NoMembersText "Añade a una persona por la dirección de su cartera o por su DID."
        "Add a person by the address of a wallet or by a DID.";
    NewMember "Nuevo miembro" "New member";
    Member "Miembro" "Member";
    Remove "Quitar" "Remove";
    DidOrAddress "DID o dirección" "DID or address";
    MemberDidHint "La dirección 0x… de una cartera que no sea un contrato, un did:key, o un did:web o did:webvh de \
        aquí."
        "The address 0x… of a wallet that is no contract, a did:key, or a did:web or did:webvh of here.";
    MemberSignsIn "Podrá iniciar sesión firmando; nadie le entrega una clave."
        "They can sign in by a signature; nobody hands them a key.";
    MemberChanges "Sus sesiones abiertas pasan a poder lo mismo." "Their open sessions may do the same from now on.";
    SessionLasts "Cada sesión termina sola a las 8 horas." "Each session ends by itself after 8 hours.";
    RemoveEffect "{0} no podrá iniciar sesión, y sus sesiones terminan al instante."
        "{0} cannot sign in any more, and their sessions end at once.";
    RemoveKeys "Las claves de API que haya creado siguen valiendo: su página dice quién creó cada una."
        "API keys that they made still count: their page says who made each.";
    KeyWay "Clave de API" "API key";
    WalletWay "Tu cartera" "Your wallet";
    BrowserWay "Este navegador" "This browser";
    WalletLead "Firmas un texto que nombra este sitio y tu organización. No cuesta nada y no mueve fondos: si tu \
        cartera pide otra cosa, recházala."
        "You sign a text that names this site and your tenant. It costs nothing and moves no funds: if your wallet \
        asks for anything else, refuse.";
    NoWallet "Este navegador no tiene ninguna cartera. Instala una y recarga la página, o ábrela en el navegador de tu \
        cartera."
        "This browser has no wallet. Install one and reload the page, or open it in the browser of your wallet.";
    WalletHere "la cartera del navegador" "the browser's wallet";
    SignInWith "Entrar con {0}" "Sign in with {0}";
    WalletRefused "La rechazaste en la cartera; no se ha iniciado sesión."
        "You refused in the wallet; nobody is signed in.";
    WalletPending "La cartera ya espera tu respuesta: ábrela." "The wallet waits for your answer already: open it.";
    WalletNoAccount "La cartera no muestra ninguna cuenta." "The wallet shows no account.";
    BrowserKeyLead "Con la clave de firma de este navegador. Quien administra tu organización añade su DID como \
        miembro."
        "With the signing key of this browser. Whoever administrates your tenant adds its DID as a member.";
    TenantHint "10 letras y cifras; te lo dice quien la administra."
        "10 letters and digits; whoever administrates it tells you.";
    TenantForm "Son 10 letras y cifras." "These are 10 letters and digits.";
    NoMember "No se ha iniciado sesión" "Nobody is signed in";
    NoMemberText "{0} no es miembro de esa organización, o la firma llegó tarde."
        "{0} is no member of that tenant, or the signature came late.";
    SessionEnds "La sesión termina" "The session ends";
    SessionOver "Tu sesión ha terminado: vuelve a iniciarla para continuar."
        "Your session is over: sign in again to go on.";
    SignInAgain "Iniciar sesión de nuevo" "Sign in again";

    // Passkeys: the second factor of whoever has one.
    Passkeys "Llaves de acceso (passkeys)" "Passkeys";
    PasskeysLead
        "Un segundo factor: además de tu firma, entrar pide una de estas llaves, con huella, cara o PIN. Ten al menos \
         dos: si las pierdes todas, quien administra tu organización tiene que quitarte y añadirte de nuevo."
        "A second factor: besides your signature, signing in wants one of these, with a fingerprint, a face or a PIN. \
         Have two at least: if you lose all of them, whoever administrates your tenant has to remove you and add you \
         again.";
    NoPasskeys "Sin llaves de acceso" "No passkeys";
    NoPasskeysText "Ahora basta tu firma para entrar." "Your signature alone signs you in for now.";
    PasskeysFresh "Solo se cambian en los 15 minutos después de iniciar sesión."
        "They are changed only within 15 minutes of signing in.";
    ApprovesAs "Aprueba como" "Approves as";
    PasskeysApprove "Nombra ese DID entre quienes deciden y la llave firmará aprobaciones: comprueba cada vez que eres \
        tú. Una llave sin DID no puede."
        "Name that DID among those who decide, and the passkey signs approvals: it makes sure each time that it is \
        you. One without a DID cannot.";
    AddPasskey "Añadir una llave de acceso" "Add a passkey";
    PasskeyNameHint "Para reconocerla: dónde está." "To know it by: where it is.";
    PasskeyMade "El navegador crea una llave de acceso para este sitio."
        "The browser makes a passkey for this site.";
    PasskeyWanted "Desde ahora, entrar como este miembro pide también una de tus llaves."
        "From now on, signing in as this member wants one of your passkeys too.";
    PasskeyEnds "Si es la primera, tus otras sesiones terminan al instante."
        "If it is the first one, your other sessions end at once.";
    PasskeyRemoved "«{0}» ya no sirve para entrar." "“{0}” does not sign you in any more.";
    PasskeyLast "Si era la última, basta de nuevo con tu firma."
        "If it was the last one, your signature alone is enough again.";
    NoPasskey "La llave de acceso no respondió" "The passkey did not answer";
    NoPasskeysHere
        "Este navegador no sabe de llaves de acceso, o esta página no llegó por https. Actualízalo o usa otro."
        "This browser knows no passkeys, or this page did not come over https. Update it, or use another one.";
    PasskeyRefused "La rechazaste, no llegó a tiempo o aquí no hay ninguna de las tuyas."
        "You refused, it did not come in time, or none of yours is here.";
    PasskeyKnown "Ese dispositivo ya tiene una llave tuya." "That device has a passkey of yours already.";
    PasskeyWrong "La llave de acceso no vale para esta firma, o ha pasado demasiado tiempo."
        "The passkey does not go with this signature, or too much time has gone by.";
    TryIt "Ensayar" "Dry run";
    Trying "Ensayando; nada se firma ni se envía…" "Trying; nothing is signed or sent…";
    PolicyWord "Política" "Policy";
    ChainWord "Red" "Chain";
    PolicyAllows "La cartera lo firmaría ahora." "The wallet would sign it now.";
    PolicyAsks "Hacen falta firmas: {0}." "It needs signatures: {0}.";
    PolicyDenies "La cartera lo rechazaría ({0}): {1}." "The wallet would refuse it ({0}): {1}.";
    ChainTakes "La red lo ejecutaría ahora, con unas {0} unidades de gas."
        "The chain would carry it out now, for about {0} gas.";
    ChainReverts "La red lo revertiría ahora: {0}." "The chain would revert it now: {0}.";
    WhoApproves "Quién aprueba" "Who approves";
    WhoApprovesHint
        "Sus did:key, separados por espacios; sin ninguno, nadie tiene que aprobar. Después no se puede cambiar."
        "Their did:key, with spaces between; with none, nobody has to. It cannot be changed afterwards.";
    ApproversForm "Cada uno es un did:key, y los separan espacios." "Each is a did:key, with spaces between.";
    AddOwnKey "Añadir la clave de este navegador" "Add this browser's key";
    AddOwnPasskey "Añadir la llave de acceso «{0}»" "Add the passkey “{0}”";
    HowManySign "Cuántas firmas hacen falta" "How many signatures it needs";
    CountForm "Un número del 1 al {0}." "A number from 1 to {0}.";
    FreeUnits "Unidades sin aprobación, por token y día" "Units without approval, for a token and day";
    FreeUnitsHint "Con 18 decimales; vacío es ninguna. Crear un token siempre se aprueba."
        "At 18 decimals; empty is none. Creating a token is always approved.";
    } };
}
