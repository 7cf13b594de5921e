import apps from "../locales/fr/apps.json";
import audit from "../locales/fr/audit.json";
import backups from "../locales/fr/backups.json";
import common from "../locales/fr/common.json";
import errors from "../locales/fr/errors.json";
import instances from "../locales/fr/instances.json";
import notifications from "../locales/fr/notifications.json";
import signin from "../locales/fr/signin.json";
import stack from "../locales/fr/stack.json";
import tasks from "../locales/fr/tasks.json";

export const fr = {
  apps,
  audit,
  backups,
  common,
  errors,
  instances,
  notifications,
  signin,
  stack,
  tasks,
};
