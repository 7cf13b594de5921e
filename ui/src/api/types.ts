import type { components } from "./schema.gen.ts";

type Schemas = components["schemas"];

export type App = Schemas["App"];
export type AuditRecord = Schemas["AuditRecord"];
export type Check = Schemas["Check"];
export type Flavor = Schemas["Flavor"];
export type Info = Schemas["Info"];
export type Preflight = Schemas["Preflight"];
export type Session = Schemas["Session"];
export type Settings = Schemas["Settings"];
export type SignIn = Schemas["SignIn"];
export type Stack = Schemas["Stack"];
export type StackChange = Schemas["StackChange"];
export type StackEvent = Schemas["StackEvent"];
export type StackNode = Schemas["StackNode"];
export type StackOptions = Schemas["StackOptions"];
export type StackSpec = Schemas["StackSpec"];
export type Step = Schemas["Step"];
export type Target = Schemas["Target"];
export type Task = Schemas["Task"];
export type Topology = Schemas["Topology"];
export type TopologyNode = Schemas["TopologyNode"];

export type Health = App["health"];
export type Role = Session["role"];
export type TaskStatus = Task["status"];
export type StackState = Stack["state"];
