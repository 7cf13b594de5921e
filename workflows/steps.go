package workflows

import "mycloudmanager/internal/i18n"

// StepTitles names the activities as steps of a task.
func StepTitles() map[string]i18n.Text {
	return map[string]i18n.Text{
		"PreflightStack":        {En: "Check quotas and choices", Fr: "Vérifier les quotas et les choix"},
		"CreateStack":           {En: "Create the stack", Fr: "Créer la pile"},
		"AwaitStack":            {En: "Wait for the stack's resources", Fr: "Attendre les ressources de la pile"},
		"UpdateStack":           {En: "Update the stack", Fr: "Modifier la pile"},
		"DeleteStack":           {En: "Delete the stack", Fr: "Supprimer la pile"},
		"DeleteStackCredential": {En: "Delete the cluster's credential", Fr: "Supprimer le mot de passe applicatif du cluster"},
		"AwaitCluster":          {En: "Wait for the cluster", Fr: "Attendre le cluster"},
		"ReleaseApps":           {En: "Stop the apps and free their volumes", Fr: "Arrêter les applications et libérer leurs volumes"},
		"SweepServers":          {En: "Sweep servers that are left", Fr: "Supprimer les serveurs restants"},
		"SweepNetworks":         {En: "Sweep networks that are left", Fr: "Supprimer les réseaux restants"},
		"ForgetCluster":         {En: "Forget the cluster", Fr: "Oublier le cluster"},
		"PreflightApp":          {En: "Check the app and its settings", Fr: "Vérifier l'application et ses réglages"},
		"CreateVolume":          {En: "Create the volume", Fr: "Créer le volume"},
		"AwaitVolume":           {En: "Wait for the volume", Fr: "Attendre le volume"},
		"ClaimVolume":           {En: "Give the volume to the app", Fr: "Donner le volume à l'application"},
		"InstallApp":            {En: "Install the app", Fr: "Installer l'application"},
		"AwaitAttached":         {En: "Wait until the volume is attached", Fr: "Attendre que le volume soit attaché"},
		"AwaitApp":              {En: "Wait until the app is healthy", Fr: "Attendre que l'application soit saine"},
		"StopApp":               {En: "Stop the app", Fr: "Arrêter l'application"},
		"AwaitDetached":         {En: "Wait until the volume is free", Fr: "Attendre que le volume soit libre"},
		"SaveSettings":          {En: "Save the settings", Fr: "Enregistrer les réglages"},
		"RestoreSettings":       {En: "Restore the settings", Fr: "Rétablir les réglages"},
		"UninstallApp":          {En: "Uninstall the app", Fr: "Désinstaller l'application"},
		"ReleaseVolume":         {En: "Release the volume", Fr: "Libérer le volume"},
		"DeleteVolume":          {En: "Delete the volume", Fr: "Supprimer le volume"},
		"InspectInstance":       {En: "Check the server", Fr: "Vérifier le serveur"},
		"ConnectInstance":       {En: "Connect its subnet to the stack", Fr: "Relier son sous-réseau à la pile"},
		"DetachInstances":       {En: "Detach the subnets of instances", Fr: "Détacher les sous-réseaux des instances"},
		"DisconnectSubnet":      {En: "Detach its subnet", Fr: "Détacher son sous-réseau"},
		"AwaitSignIn":           {En: "Sign in with the pinned host key", Fr: "Se connecter avec la clé d'hôte épinglée"},
		"MarkInstance":          {En: "Keep the enrollment", Fr: "Garder l'inscription"},
		"NoteSubnet":            {En: "Note that its subnet is needed", Fr: "Noter que son sous-réseau est nécessaire"},
		"UnmarkInstance":        {En: "Forget the enrollment", Fr: "Oublier l'inscription"},
		"ReadInstance":          {En: "Read the enrollment", Fr: "Lire l'inscription"},
		"RemoveAccess":          {En: "Remove the manager's user", Fr: "Retirer l'utilisateur du gestionnaire"},
		"EnrolledHosts":         {En: "Find the instances", Fr: "Trouver les instances"},
		"PlayAgent":             {En: "Run Ansible on the instances", Fr: "Exécuter Ansible sur les instances"},
		"MarkAgents":            {En: "Keep what became of the agents", Fr: "Garder l'état des agents"},
		"DeleteAppVolumes":      {En: "Delete the app's volumes", Fr: "Supprimer les volumes de l'application"},
	}
}
