//! The first half of the texts: what stands everywhere, and what work is.

/// Puts the first half before the second one, and makes the table.
macro_rules! first_half {
    ($($second:tt)*) => { texts! {
    // Everywhere.
    Back "Volver" "Back";
    Close "Cerrar" "Close";
    Create "Crear" "Create";
    Save "Guardar" "Save";
    Delete "Eliminar" "Delete";
    Done "Hecho" "Done";
    Filter "Filtrar" "Filter";
    Start "Iniciar" "Start";
    Review "Revisar" "Review";
    Copy "Copiar" "Copy";
    Copied "Copiado" "Copied";
    Loading "Cargando" "Loading";
    LoadMore "Cargar más" "Load more";
    TryAgain "Reintentar" "Try again";
    Actions "Acciones" "Actions";
    Yes "Sí" "Yes";
    No "No" "No";
    Now "Ahora" "Now";
    Menu "Menú" "Menu";
    SortBy "Ordenar por esta columna" "Sort by this column";
    AsJson "Ver como JSON" "View as JSON";
    WhatWillHappen "Esto es lo que va a pasar:" "This is what will happen:";
    FieldRequired "Este dato es obligatorio." "This is required.";
    RequestId "Solicitud" "Request";
    NotReached "No se pudo contactar con el servidor" "The server could not be reached";
    Offline "Sin conexión: lo que ves puede no estar al día. Seguimos intentando."
        "Not connected: what you see may be out of date. Still trying.";
    NoSuchPage "Esta página no existe" "There is no such page";
    NoSuchPageText "Revisa la dirección o empieza por el resumen." "Check the address, or start from the overview.";
    SkipToContent "Saltar al contenido" "Skip to content";
    NothingFound "No hay coincidencias." "No matches.";

    // Navigation.
    Navigation "Navegación" "Navigation";
    NavWork "Trabajo" "Work";
    NavOwn "Activos" "Assets";
    NavRules "Administración" "Administration";
    NavDeployment "Despliegue" "Deployment";
    Overview "Resumen" "Overview";
    Tasks "Tareas" "Tasks";
    Definitions "Definiciones" "Definitions";
    Schedules "Programaciones" "Schedules";
    Identities "Identidades" "Identities";
    Wallets "Carteras" "Wallets";
    Tokens "Tokens" "Tokens";
    Limits "Límites" "Limits";
    Keys "Claves de API" "API keys";
    Tenants "Organizaciones" "Tenants";
    Alerts "Alertas" "Alerts";
    Settings "Ajustes" "Settings";
    Kit "Componentes" "Components";
    Palette "Ir a…" "Go to…";
    PaletteHint "Busca una página, un id, una dirección o un DID" "Find a page, an id, an address or a DID";
    OpenTask "Abrir la tarea {0}" "Open task {0}";
    OpenWallet "Abrir la cartera {0}" "Open wallet {0}";
    OpenToken "Abrir el token {0}" "Open token {0}";
    ResolveThis "Resolver {0}" "Resolve {0}";

    // Signing in.
    SignIn "Iniciar sesión" "Sign in";
    SignOut "Cerrar sesión" "Sign out";
    SignInLead "Con una clave de API, con tu cartera o con la clave de este navegador."
        "With an API key, with your wallet, or with the key of this browser.";
    Credential "Clave de API o token del operador" "API key or operator's token";
    CredentialHint "Una clave empieza por aion_live_ o aion_test_." "A key starts with aion_live_ or aion_test_.";
    CredentialForm "La clave está incompleta o tiene una errata: su suma de comprobación no coincide."
        "The key is incomplete or mistyped: its checksum does not match.";
    CredentialKept
        "La clave se guarda solo en esta pestaña (sessionStorage) y se borra al cerrarla. No se envía a nadie más \
         que a este despliegue."
        "The key is kept in this tab alone (sessionStorage) and goes when you close it. It is sent to this \
         deployment and nobody else.";
    ApiDocs "Documentación de la API" "API documentation";

    // Overview.
    OverviewLead "Cómo está todo, qué te necesita y cuánto está pasando."
        "How everything is, what needs you, and how much is going on.";
    Parts "Componentes del despliegue" "Parts of the deployment";
    HealthOk "Bien" "Well";
    HealthDegraded "Con problemas" "Degraded";
    HealthDown "Caído" "Down";
    Version "Versión {0}" "Version {0}";
    NeedsYou "Te necesita" "Needs you";
    NothingNeedsYou "Nada te espera: ninguna tarea detenida, fallida ni pendiente de aprobación."
        "Nothing waits for you: no task is dead, failed or waiting for approval.";
    Activity "Actividad" "Activity";
    Commits "Escrituras durables en los últimos 5 s" "Durable commits in the last 5 s";
    CommitsPlot "Escrituras durables cada 5 segundos; la última medición, {0}"
        "Durable commits every 5 seconds; the last reading, {0}";
    OldestLate "Trabajo vencido más antiguo: {0} de retraso" "Oldest due work: {0} late";

    // Tasks.
    TasksLead "Trabajo durable: cada paso se ejecuta una vez, pase lo que pase."
        "Durable work: each step takes effect once, whatever happens.";
    Task "Tarea" "Task";
    State "Estado" "State";
    AllStates "Todos los estados" "All states";
    Label "Etiqueta" "Label";
    Labels "Etiquetas" "Labels";
    LabelForm "Una etiqueta se escribe nombre:valor." "A label is written name:value.";
    Steps "Pasos" "Steps";
    What "Qué hace" "What it does";
    Created "Creación" "Created";
    Updated "Último cambio" "Last change";
    ShowNew "Mostrar nuevas ({0})" "Show new ({0})";
    NoTasks "Aún no hay tareas" "No tasks yet";
    NoTasksText "Una tarea aparece aquí en cuanto creas un token, acuñas o inicias una definición."
        "A task appears here as soon as you create a token, mint, or start a definition.";
    NoTasksHere "Ninguna tarea coincide" "No task matches";
    NoTasksHereText "Cambia el filtro para ver más." "Change the filter to see more.";
    StateQueued "En cola" "Queued";
    StateRunning "En curso" "Running";
    StateWaiting "En espera" "Waiting";
    StateDone "Terminada" "Done";
    StateFailed "Fallida" "Failed";
    StateCancelling "Cancelándose" "Cancelling";
    StateCancelled "Cancelada" "Cancelled";
    StateCompensating "Deshaciéndose" "Compensating";
    StateCompensated "Deshecha" "Compensated";
    StateDead "Detenida" "Dead";
    StepBlocked "Aún no" "Not yet";
    StepReady "Listo" "Ready";
    StepLeased "Ejecutándose" "Under way";
    StepRetry "Se reintentará" "Will retry";
    StepUnknown "Resultado desconocido" "Outcome unknown";
    StepSent "Enviado" "Sent";
    StepCallback "Espera respuesta" "Waits for a callback";
    StepSleeping "En pausa" "Sleeping";
    StepSignal "Espera una señal" "Waits for a signal";
    StepApproval "Espera aprobación" "Waits for approval";
    StepChild "Espera otra tarea" "Waits for a task";
    StepItems "Por elementos" "Item by item";
    StepOk "Listo" "Done";
    StepSkipped "Omitido" "Skipped";
    Input "Entrada" "Input";
    Output "Salida" "Output";
    History "Historial" "History";
    Deadline "Plazo" "Deadline";
    DefinitionHash "Huella de la definición" "Definition hash";
    Attempts "{0} intentos" "{0} attempts";
    Began "Empezó" "Began";
    Due "Toca" "Due";
    WaitsForSignal "Espera la señal" "Waits for the signal";
    WaitsForTask "Espera el fin de la tarea" "Waits for the end of task";
    WaitsForApproval "Una persona autorizada debe firmar esta pregunta, y solo esta."
        "Somebody who may decide has to sign this question, and no other.";
    Digest "Huella" "Digest";
    SetAside "La plataforma apartó esta tarea porque falló con ella una y otra vez."
        "The platform has set this task aside because it failed on it again and again.";
    Cancel "Cancelar…" "Cancel…";
    CancelTask "Cancelar la tarea" "Cancel the task";
    CancelTitle "¿Cancelar esta tarea?" "Cancel this task?";
    CancelWaiting "Pasos que ya no se harán: {0}." "Steps that will not happen any more: {0}.";
    CancelAway "Pasos en curso, cuyo final se espera (lo que ya está en la cadena no se detiene): {0}."
        "Steps under way, whose end is waited for (what is on chain already cannot be stopped): {0}.";
    CancelDone "Pasos terminados, que se deshacen solo si la definición dice cómo: {0}."
        "Steps that are done, which are undone only where the definition says how: {0}.";
    CancelAsked "Cancelación solicitada" "Cancellation asked for";
    Redrive "Relanzar…" "Redrive…";
    RedriveTitle "Relanzar esta tarea" "Redrive this task";
    RedriveFailed "Se vuelve a hacer lo que falló." "What failed is done anew.";
    RedriveFrom "Se vuelve a hacer todo a partir del paso «{0}»." "Everything from step “{0}” on is done anew.";
    RedriveKept "Los pasos terminados antes conservan su salida y no se repiten."
        "Steps that were done before keep their output and are not repeated.";
    RedriveMoney "Un paso de dinero que se vuelve a hacer es una operación nueva, dentro de los límites de la cartera."
        "A money step that is done anew is a new operation, within the limits of its wallet.";
    RedriveAsked "La tarea vuelve a correr" "The task runs again";
    WhatFailed "Lo que falló" "What failed";
    FromStep "Desde el paso" "From step";
    Reason "Motivo" "Reason";
    ReasonHint "Queda en el historial; de 1 a 500 caracteres." "It stands in the history; 1 to 500 characters.";
    ChainHolds
        "Historial verificado en este navegador: los {0} eslabones coinciden con su huella, y {1} siguen \
         directamente al anterior."
        "History verified in this browser: all {0} links fit their hash, and {1} of them follow the one before \
         directly.";
    ChainBroken "El eslabón {0} no coincide con su huella: este historial fue alterado."
        "Link {0} does not fit its hash: this history was changed.";
    ChainUnreadable "A un eslabón le falta lo necesario para verificarlo." "A link lacks what is needed to verify it.";
    ChainRule "Huella = SHA-256(anterior ‖ número ‖ hora ‖ eventos en JSON canónico)."
        "Hash = SHA-256(previous ‖ number ‖ time ‖ events in canonical JSON).";
    RawLink "Eslabón en bruto" "Raw link";
    TaskAccepted "Tarea aceptada" "Task accepted";

    // Definitions.
    DefinitionsLead "Lo que una tarea hace, guardado con nombre y versión."
        "What a task does, kept under a name and a version.";
    Definition "Definición" "Definition";
    NewDefinition "Nueva definición" "New definition";
    NoDefinitions "Aún no hay definiciones" "No definitions yet";
    NoDefinitionsText "Guarda una para iniciarla cuando quieras o programarla."
        "Keep one to start it whenever you want, or on a schedule.";
    EditorLead "Se comprueba mientras escribes; solo se guarda lo que sería aceptado."
        "Checked while you write; only what would be accepted can be saved.";
    NoJson "Esto no es JSON." "This is not JSON.";
    DefinitionValid "Válida: una tarea con esta definición sería aceptada."
        "Valid: a task of this definition would be accepted.";
    DefinitionInvalid "Hay que corregir:" "To be corrected:";
    DefinitionName "De 1 a 64 caracteres: letras, dígitos, _ - y ." "1 to 64 characters: letters, digits, _ - and .";
    SaveTitle "Guardar la definición" "Save the definition";
    SaveEffect "Se guarda como la versión siguiente de «{0}»." "It is kept as the next version of “{0}”.";
    SaveRunning "Las tareas en curso siguen con la versión con la que empezaron."
        "Tasks under way go on with the version that they began with.";
    SaveSchedules "Las programaciones conservan la versión que fijaron."
        "Schedules keep the version that they were pinned to.";
    Saved "Guardada la versión {0}" "Version {0} saved";
    StartTask "Iniciar una tarea" "Start a task";
    StepEffect "{0}: {1}" "{0}: {1}";
    MovesMoney "Hay pasos que crean carteras o mueven tokens: la cartera y el guardián aplican sus límites."
        "Some steps create wallets or move tokens: wallet and guardian apply their limits.";
    MovesNothing "Ningún paso mueve tokens." "No step moves tokens.";
    InputHint "Un objeto JSON; los pasos lo leen como input." "A JSON object; steps read it as input.";
    VersionNumber "Versión {0}" "Version {0}";
    VersionTitle "Versión" "Version";
    Differences "Diferencias" "Differences";
    DiffAdded "añadido:" "added:";
    DiffRemoved "quitado:" "removed:";
    DiffTooLong "Los documentos son demasiado largos para compararlos aquí."
        "The documents are too long to compare here.";

    // Schedules.
    SchedulesLead "Tareas que empiezan solas, cada hora prevista una sola vez."
        "Tasks that start by themselves, once for each time.";
    NewSchedule "Nueva programación" "New schedule";
    NoSchedules "Aún no hay programaciones" "No schedules yet";
    NoSchedulesText "Programa una definición guardada para que empiece sola."
        "Schedule a stored definition so that it starts by itself.";
    Active "Activa" "Active";
    Paused "En pausa" "Paused";
    Ended "Acabada" "Ended";
    When "Cuándo" "When";
    Every "cada {0}" "every {0}";
    NextRun "Próxima" "Next";
    Runs "Ejecuciones" "Runs";
    NotRunTitle "No ejecutadas" "Not run";
    NotRun "{0} perdidas · {1} omitidas · {2} rechazadas" "{0} missed · {1} skipped · {2} refused";
    LastTask "Última tarea" "Last task";
    Pause "Pausar" "Pause";
    PauseEffect "«{0}» no inicia más tareas hasta que la reanudes." "“{0}” starts no more tasks until you resume it.";
    PauseRunning "Las tareas que ya corren siguen su curso." "Tasks that run already go on.";
    Resume "Reanudar" "Resume";
    ResumeEffect "«{0}» vuelve a iniciar tareas a partir de su próxima hora."
        "“{0}” starts tasks again from its next time on.";
    ResumeMissed "Las horas que pasaron en pausa cuentan como perdidas."
        "Times that passed while it was paused count as missed.";
    Trigger "Ejecutar ahora" "Run now";
    TriggerEffect "«{0}» inicia ahora una tarea más." "“{0}” starts one more task now.";
    TriggerTimes "Sus horas previstas no cambian." "Its times stay as they are.";
    DeleteEffect "«{0}» desaparece y no inicia más tareas. No se puede deshacer."
        "“{0}” goes and starts no more tasks. This cannot be undone.";
    ChooseDefinition "Elige una definición" "Choose a definition";
    ScheduleEffect "«{0}» empieza según «{1}», en la zona horaria {2}." "“{0}” starts by “{1}”, in the time zone {2}.";
    SchedulePinned "Se fija la versión actual de la definición." "The current version of the definition is pinned.";
    ScheduleOnce "Cada hora prevista inicia una sola tarea, aunque la plataforma se reinicie."
        "Each time starts one task, even if the platform restarts.";
    CronHint "Minuto, hora, día, mes, día de la semana." "Minute, hour, day, month, day of the week.";
    TimeZone "Zona horaria" "Time zone";

    $($second)*
    } };
}
