import apps from "../locales/en/apps.json";
import audit from "../locales/en/audit.json";
import backups from "../locales/en/backups.json";
import common from "../locales/en/common.json";
import errors from "../locales/en/errors.json";
import instances from "../locales/en/instances.json";
import notifications from "../locales/en/notifications.json";
import signin from "../locales/en/signin.json";
import stack from "../locales/en/stack.json";
import tasks from "../locales/en/tasks.json";

export const en = {
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
