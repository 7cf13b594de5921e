/** Operations offered by the filter. Others may exist: task titles come from the server. */
export const operations = [
  "stack.deploy",
  "stack.update",
  "stack.delete",
  "app.launch",
  "app.stop",
  "app.configure",
  "app.uninstall",
  "instance.enroll",
  "instance.connect",
  "instance.unenroll",
  "agent.install",
  "agent.remove",
  "agent.check",
  "backup.run",
  "backup.prune",
  "backup.verify",
  "instance.restore",
  "notification.test",
] as const;

/** Operations of the audit log, which also records actions that are not tasks. */
export const auditOperations = [
  ...operations,
  "session.open",
  "audit.export",
  "task.cancel",
  "task.retry",
  "token.create",
  "token.revoke",
  "plan.create",
  "plan.update",
  "plan.delete",
  "plan.pause",
  "plan.resume",
  "backup.hold",
] as const;
