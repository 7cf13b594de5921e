import type { components } from "./schema.gen.ts";

type Schemas = components["schemas"];

export type App = Schemas["App"];
export type AuditRecord = Schemas["Record"];
export type PreflightCheck = Schemas["Check"];
export type Flavor = Schemas["Flavor"];
export type Info = Schemas["Info"];
export type LogUpdate = Schemas["LogEvent"];
export type LogLine = Schemas["LogLine"];
export type LogPage = Schemas["LogPage"];
export type PreflightReport = Schemas["Report"];
export type Session = Schemas["Session"];
export type Settings = Schemas["Settings"];
export type SignIn = Schemas["SignIn"];
export type Stack = Schemas["Stack"];
export type StackChange = Schemas["Changes"];
export type StackEvent = Schemas["Event"];
export type StackNode = Schemas["Node"];
export type StackOptions = Schemas["Options"];
export type StackSpec = Schemas["Parameters"];
export type TaskStep = Schemas["Step"];
export type Target = Schemas["Target"];
export type Task = Schemas["Task"];
export type Topology = Schemas["Topology"];
export type TopologyNode = Schemas["Vertex"];

export type Health = App["health"];
export type Role = Session["role"];
export type TaskStatus = Task["status"];
export type StackState = Stack["state"];

export type Backup = Schemas["Backup"];
export type BackupFile = Schemas["Entry"];
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
export type Restore = Schemas["Restore"];
export type Retention = Schemas["Retention"];
export type Schedule = Schemas["When"];
export type RetentionDecision = Schemas["Verdict"];
export type BackupMethod = Backup["method"];

export type NotificationChannel = Schemas["Recipient"];
export type NotificationDelivery = NonNullable<NotificationChannel["last"]>;

export type AgentBatch = Schemas["BatchAgents"];
export type AgentState = Schemas["AgentState"];
export type CreatedToken = Schemas["CreatedToken"];
export type EnrollmentToken = Schemas["EnrollmentToken"];
export type Instance = Schemas["Instance"];
export type NewEnrollmentToken = Schemas["NewEnrollmentToken"];
export type AgentAction = AgentBatch["action"];
export type TokenStatus = EnrollmentToken["status"];
