import type { components } from "./schema.gen.ts";

type Schemas = components["schemas"];

export type App = Schemas["App"];
export type AuditRecord = Schemas["AuditRecord"];
export type PreflightCheck = Schemas["PreflightCheck"];
export type Flavor = Schemas["Flavor"];
export type Info = Schemas["Info"];
export type LogUpdate = Schemas["LogEvent"];
export type LogLine = Schemas["LogLine"];
export type LogPage = Schemas["LogPage"];
export type PreflightReport = Schemas["PreflightReport"];
export type Session = Schemas["Session"];
export type Settings = Schemas["AppSettings"];
export type SignIn = Schemas["SignInRequest"];
export type Stack = Schemas["Stack"];
export type StackChange = Schemas["StackChanges"];
export type StackEvent = Schemas["StackEvent"];
export type StackNode = Schemas["StackNode"];
export type StackOptions = Schemas["StackOptions"];
export type StackSpec = Schemas["StackParameters"];
export type TaskStep = Schemas["TaskStep"];
export type Target = Schemas["Target"];
export type Task = Schemas["Task"];
export type Topology = Schemas["StackTopology"];
export type TopologyNode = Schemas["StackResource"];

export type Health = App["health"];
export type Role = Session["role"];
export type TaskStatus = Task["status"];
export type StackState = Stack["state"];

export type Backup = Schemas["Backup"];
export type BackupFile = Schemas["BackupFile"];
export type BackupPlan = Schemas["BackupPlan"];
export type Occurrence = Schemas["Occurrence"];
/** The writable fields of a plan; all others are read-only. */
export type PlanSettings = Pick<
  BackupPlan,
  | "name"
  | "instances"
  | "method"
  | "directories"
  | "soft"
  | "snapshot"
  | "schedule"
  | "catch_up_seconds"
  | "retention"
>;
export type Restore = Schemas["RestoreRequest"];
export type Retention = Schemas["BackupRetention"];
export type Schedule = Schemas["BackupSchedule"];
export type RetentionDecision = Schemas["RetentionDecision"];
export type BackupMethod = Backup["method"];

export type NotificationChannel = Schemas["NotificationChannel"];
export type NotificationDelivery = NonNullable<NotificationChannel["last"]>;

export type AgentBatch = Schemas["BatchAgentsRequest"];
export type AgentState = Schemas["AgentState"];
export type CreatedToken = Schemas["EnrollmentTokenWithSecret"];
export type EnrollmentToken = Schemas["EnrollmentToken"];
export type Instance = Schemas["Instance"];
export type NewEnrollmentToken = Schemas["CreateEnrollmentTokenRequest"];
export type AgentAction = AgentBatch["action"];
export type TokenStatus = EnrollmentToken["status"];
