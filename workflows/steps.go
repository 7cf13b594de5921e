package workflows

import (
	"maps"

	"mycloudmanager/internal/platform/i18n"
)

// StepTitles names the activities as steps of a task.
func StepTitles() map[string]i18n.Text {
	all := map[string]i18n.Text{
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
	maps.Copy(all, backupTitles())
	return all
}

// backupTitles are those of backups and restores.
func backupTitles() map[string]i18n.Text {
	return map[string]i18n.Text{
		"BackupInstance": {En: "Back up the instances", Fr: "Sauvegarder les instances"},
		"SafetySnapshot": {En: "Keep what is there now", Fr: "Garder l'état actuel"},
		"InspectServer":  {En: "Look at the server", Fr: "Examiner le serveur"},
		"RebuildServer":  {En: "Replace the disk", Fr: "Remplacer le disque"},
		"DrawServer":     {En: "Look at what it was like", Fr: "Examiner comment elle était"},
		"CopyVolumes":    {En: "Make its volumes from the snapshots", Fr: "Créer ses volumes depuis les instantanés"},
		"MakeServer":     {En: "Make the new server", Fr: "Créer le nouveau serveur"},
		"RemoveServer":   {En: "Delete the new server", Fr: "Supprimer le nouveau serveur"},
		"DropCopies":     {En: "Delete its volumes", Fr: "Supprimer ses volumes"},
		"StartServer":    {En: "Start the server", Fr: "Démarrer le serveur"},
		"StopServer":     {En: "Shut the server off", Fr: "Arrêter le serveur"},
		"ChooseBackups":  {En: "Choose what is not kept", Fr: "Choisir ce qui n'est plus gardé"},
		"DeleteImages":   {En: "Delete the images", Fr: "Supprimer les images"},
		"VerifyImage":    {En: "Compare the image with its checksum", Fr: "Comparer l'image à sa somme de contrôle"},
		"Answers":        {En: "See whether it answers", Fr: "Voir si elle répond"},
		"KeepVerdict":    {En: "Keep what was found", Fr: "Garder le résultat"},
		"VerifyFiles":    {En: "Read the backup and compare", Fr: "Lire la sauvegarde et comparer"},
		"RestoreFiles":   {En: "Restore the files", Fr: "Restaurer les fichiers"},
		"TryNotice":      {En: "Send a notice to each channel", Fr: "Envoyer un avis à chaque destination"},
		"ForgetFiles":    {En: "Delete from the storage", Fr: "Supprimer du stockage"},
	}
}
