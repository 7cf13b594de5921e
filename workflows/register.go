// Package workflows defines every operation as a Temporal workflow, one exported function per file.
package workflows

import (
	"go.temporal.io/sdk/worker"

	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Operations lists every operation with its name in the contract, the role that may start it and its title.
func Operations() []operation.Operation {
	return []operation.Operation{
		{Name: "stack.deploy", Workflow: DeployStack, Role: identity.Operator, Input: func() any { return new(DeployStackInput) },
			Title: i18n.Text{En: "Deploy the stack {target}", Fr: "Déployer la pile {target}"}},
		{Name: "stack.update", Workflow: UpdateStack, Role: identity.Operator, Input: func() any { return new(UpdateStackInput) },
			Title: i18n.Text{En: "Update the stack {target}", Fr: "Modifier la pile {target}"}},
		{Name: "stack.delete", Workflow: DeleteStack, Role: identity.Operator, Input: func() any { return new(DeleteStackInput) },
			Title: i18n.Text{En: "Delete the stack {target}", Fr: "Supprimer la pile {target}"}},
		{Name: "app.launch", Workflow: LaunchApp, Role: identity.Operator, Input: func() any { return new(LaunchAppInput) },
			Title: i18n.Text{En: "Launch {target}", Fr: "Lancer {target}"}},
		{Name: "app.stop", Workflow: StopApp, Role: identity.Operator, Input: func() any { return new(StopAppInput) },
			Title: i18n.Text{En: "Stop {target}", Fr: "Arrêter {target}"}},
		{Name: "app.configure", Workflow: ConfigureApp, Role: identity.Operator, Input: func() any { return new(ConfigureAppInput) },
			Title: i18n.Text{En: "Change the settings of {target}", Fr: "Modifier les réglages de {target}"}},
		{Name: "app.uninstall", Workflow: UninstallApp, Role: identity.Operator, Input: func() any { return new(UninstallAppInput) },
			Title: i18n.Text{En: "Uninstall {target}", Fr: "Désinstaller {target}"}},
		{Name: "instance.enroll", Workflow: EnrollInstance, Role: identity.Operator, Input: func() any { return new(EnrollInstanceInput) },
			Title: i18n.Text{En: "Enroll {target}", Fr: "Inscrire {target}"}},
		{Name: "instance.unenroll", Workflow: UnenrollInstance, Role: identity.Operator, Input: func() any { return new(UnenrollInstanceInput) },
			Title: i18n.Text{En: "Unenroll {target}", Fr: "Retirer {target}"}},
		{Name: "instance.connect", Workflow: ConnectInstance, Role: identity.Operator, Input: func() any { return new(ConnectInstanceInput) },
			Title: i18n.Text{En: "Connect {target} to the stack", Fr: "Relier {target} à la pile"}},
		{Name: "agent.install", Workflow: RunAgents, Role: identity.Operator, Input: func() any { return new(AgentsInput) },
			Title: i18n.Text{En: "Install agents on {target}", Fr: "Installer des agents sur {target}"}},
		{Name: "agent.remove", Workflow: RunAgents, Role: identity.Operator, Input: func() any { return new(AgentsInput) },
			Title: i18n.Text{En: "Remove agents from {target}", Fr: "Retirer des agents de {target}"}},
		{Name: "agent.check", Workflow: RunAgents, Role: identity.Operator, Input: func() any { return new(AgentsInput) },
			Title: i18n.Text{En: "Check agents on {target}", Fr: "Vérifier les agents sur {target}"}},
		{Name: "backup.run", Workflow: RunBackup, Role: identity.Operator, Input: func() any { return new(RunBackupInput) },
			Title: i18n.Text{En: "Back up {target}", Fr: "Sauvegarder {target}"}},
		{Name: "backup.prune", Workflow: PruneBackups, Role: identity.Operator, Input: func() any { return new(PruneBackupsInput) },
			Title: i18n.Text{En: "Delete old backups of {target}", Fr: "Supprimer les anciennes sauvegardes de {target}"}},
		{Name: "backup.verify", Workflow: VerifyBackup, Role: identity.Operator, Input: func() any { return new(VerifyBackupInput) },
			Title: i18n.Text{En: "Verify the backup {target}", Fr: "Vérifier la sauvegarde {target}"}},
		{Name: "instance.restore", Workflow: RestoreInstance, Role: identity.Operator, Input: func() any { return new(RestoreInstanceInput) },
			Title: i18n.Text{En: "Restore {target}", Fr: "Restaurer {target}"}},
		{Name: "notification.test", Workflow: TestNotifications, Role: identity.Administrator, Input: func() any { return new(TestNotificationInput) },
			Title: i18n.Text{En: "Test the notifications", Fr: "Tester les notifications"}},
	}
}

// Register registers every workflow with a worker, a test environment or a replayer.
func Register(r worker.WorkflowRegistry) {
	registered := map[string]bool{} // several operations may share a workflow
	for _, o := range Operations() {
		if name := operation.ActivityName(o.Workflow); !registered[name] {
			registered[name] = true
			r.RegisterWorkflow(o.Workflow)
		}
	}
	for _, w := range []any{EnrollmentToken, LockInstance, ScheduledBackup, BackupInstance, SafetySnapshot, CheckAgentDrift, VerifyStaleBackups, CheckPlanHealth, SendNotification} { // not operations
		r.RegisterWorkflow(w)
	}
}

// ByName returns the operations, keyed by their name in the contract.
func ByName() map[string]operation.Operation {
	m := map[string]operation.Operation{}
	for _, o := range Operations() {
		m[o.Name] = o
	}
	return m
}
