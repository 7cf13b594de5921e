package workflows

import (
	"maps"

	"mycloudmanager/internal/platform/i18n"
)

// StepTitles returns the titles of activities that are shown as steps of a task.
func StepTitles() map[string]i18n.Text {
	all := map[string]i18n.Text{
		"PreflightStack":         {En: "Check quotas and choices", Fr: "Vérifier les quotas et les choix"},
		"CreateStack":            {En: "Create the stack", Fr: "Créer la pile"},
		"AwaitStack":             {En: "Wait for the stack's resources", Fr: "Attendre les ressources de la pile"},
		"UpdateStack":            {En: "Update the stack", Fr: "Modifier la pile"},
		"DeleteStack":            {En: "Delete the stack", Fr: "Supprimer la pile"},
		"DeleteStackCredential":  {En: "Delete the cluster's credential", Fr: "Supprimer le mot de passe applicatif du cluster"},
		"AwaitCluster":           {En: "Wait for the cluster", Fr: "Attendre le cluster"},
		"UninstallAllApps":       {En: "Stop the apps and free their volumes", Fr: "Arrêter les applications et libérer leurs volumes"},
		"DeleteOrphanedServers":  {En: "Delete leftover servers", Fr: "Supprimer les serveurs restants"},
		"DeleteOrphanedNetworks": {En: "Delete leftover networks", Fr: "Supprimer les réseaux restants"},
		"ResetClusterConnection": {En: "Drop the cluster connection", Fr: "Fermer la connexion au cluster"},
		"PreflightApp":           {En: "Check the app and its settings", Fr: "Vérifier l'application et ses réglages"},
		"CreateVolume":           {En: "Create the volume", Fr: "Créer le volume"},
		"AwaitVolume":            {En: "Wait for the volume", Fr: "Attendre le volume"},
		"BindVolume":             {En: "Bind the volume", Fr: "Associer le volume"},
		"InstallApp":             {En: "Install the app", Fr: "Installer l'application"},
		"AwaitAttached":          {En: "Wait until the volume is attached", Fr: "Attendre que le volume soit attaché"},
		"AwaitApp":               {En: "Wait until the app is healthy", Fr: "Attendre que l'application soit saine"},
		"StopApp":                {En: "Stop the app", Fr: "Arrêter l'application"},
		"AwaitDetached":          {En: "Wait until the volume is free", Fr: "Attendre que le volume soit libre"},
		"SaveSettings":           {En: "Save the settings", Fr: "Enregistrer les réglages"},
		"RestoreSettings":        {En: "Restore the settings", Fr: "Rétablir les réglages"},
		"UninstallApp":           {En: "Uninstall the app", Fr: "Désinstaller l'application"},
		"UnbindVolume":           {En: "Unbind the volume", Fr: "Dissocier le volume"},
		"DeleteVolume":           {En: "Delete the volume", Fr: "Supprimer le volume"},
		"ValidateEnrollment":     {En: "Check the server", Fr: "Vérifier le serveur"},
		"AttachSubnetToRouter":   {En: "Connect the instance's subnet to the stack", Fr: "Relier le sous-réseau de l'instance à la pile"},
		"DetachInstanceSubnets":  {En: "Detach the subnets of the instances", Fr: "Détacher les sous-réseaux des instances"},
		"DetachSubnetFromRouter": {En: "Detach the subnet", Fr: "Détacher le sous-réseau"},
		"AwaitSSH":               {En: "Sign in with the pinned host key", Fr: "Se connecter avec la clé d'hôte épinglée"},
		"SaveEnrollment":         {En: "Save the enrollment", Fr: "Enregistrer l'inscription"},
		"RecordRequiredSubnet":   {En: "Record the required subnet", Fr: "Enregistrer le sous-réseau requis"},
		"DeleteEnrollment":       {En: "Delete the enrollment", Fr: "Supprimer l'inscription"},
		"GetEnrollment":          {En: "Read the enrollment", Fr: "Lire l'inscription"},
		"RemoveAccess":           {En: "Remove the manager's user", Fr: "Retirer l'utilisateur du gestionnaire"},
		"ListEnrolledInstances":  {En: "Find the instances", Fr: "Trouver les instances"},
		"RunAgentPlaybook":       {En: "Run Ansible on the instances", Fr: "Exécuter Ansible sur les instances"},
		"SetAgentStates":         {En: "Record agent states", Fr: "Enregistrer l'état des agents"},
		"DeleteAppVolumes":       {En: "Delete the app's volumes", Fr: "Supprimer les volumes de l'application"},
	}
	maps.Copy(all, backupTitles())
	return all
}

// backupTitles returns the step titles of backups and restores.
func backupTitles() map[string]i18n.Text {
	return map[string]i18n.Text{
		"BackupInstance":             {En: "Back up the instances", Fr: "Sauvegarder les instances"},
		"SafetySnapshot":             {En: "Take a safety snapshot", Fr: "Prendre un instantané de sécurité"},
		"GetServer":                  {En: "Check the server", Fr: "Vérifier le serveur"},
		"RebuildServer":              {En: "Replace the disk", Fr: "Remplacer le disque"},
		"ResolveServerSpec":          {En: "Determine the server's configuration", Fr: "Déterminer la configuration du serveur"},
		"CreateVolumesFromSnapshots": {En: "Create the volumes from the snapshots", Fr: "Créer les volumes à partir des instantanés"},
		"CreateServer":               {En: "Create the new server", Fr: "Créer le nouveau serveur"},
		"DeleteRestoredServer":       {En: "Delete the new server", Fr: "Supprimer le nouveau serveur"},
		"DeleteRestoredVolumes":      {En: "Delete the restored volumes", Fr: "Supprimer les volumes restaurés"},
		"StartServer":                {En: "Start the server", Fr: "Démarrer le serveur"},
		"StopServer":                 {En: "Stop the server", Fr: "Arrêter le serveur"},
		"SelectBackupsToPrune":       {En: "Select backups to delete", Fr: "Choisir les sauvegardes à supprimer"},
		"DeleteImages":               {En: "Delete the images", Fr: "Supprimer les images"},
		"VerifyImage":                {En: "Compare the image with its checksum", Fr: "Comparer l'image à sa somme de contrôle"},
		"ProbeSSH":                   {En: "Check SSH access", Fr: "Vérifier l'accès SSH"},
		"RecordVerification":         {En: "Record the result", Fr: "Enregistrer le résultat"},
		"VerifyFiles":                {En: "Read the backup and compare", Fr: "Lire la sauvegarde et comparer"},
		"RestoreFiles":               {En: "Restore the files", Fr: "Restaurer les fichiers"},
		"SendTestNotification":       {En: "Send a notification to each channel", Fr: "Envoyer une notification à chaque canal"},
		"ForgetSnapshots":            {En: "Delete from the storage", Fr: "Supprimer du stockage"},
	}
}
