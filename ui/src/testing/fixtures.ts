import type {
  App,
  AuditRecord,
  CreatedToken,
  EnrollmentToken,
  Info,
  Instance,
  LogLine,
  PreflightReport,
  Session,
  Stack,
  StackEvent,
  StackOptions,
  Task,
  Topology,
} from "../api/types.ts";

/** Returns a time before now, so that relative times in the fixtures are stable. */
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

export const MockInfo: Info = {
  name: "MyCloudManager",
  version: "0.1.0",
  sandbox: true,
  languages: ["en", "fr"],
  links: { horizon: "http://horizon.test/", account: "http://account.test/" },
  temporal_web: true,
  sign_in_hint: [
    { username: "admin", password: "admin", role: "administrator" },
    { username: "demo", password: "demo", role: "operator" },
    { username: "viewer", password: "viewer", role: "viewer" },
  ],
  defaults: { project: "demo", user_domain: "Default", project_domain: "Default" },
};

export const MockSession: Session = {
  user: { id: "u1", name: "demo" },
  project: { id: "p1", name: "demo" },
  role: "operator",
  expires_at: ago(-3600),
  csrf_token: "csrf",
};

const actor = { id: "u1", name: "demo" };
const links = { self: "/api/v1/tasks/t", log: "/api/v1/tasks/t/log" };

export const MockDeploy: Task = {
  id: "stack:toolbox~01f0",
  operation: "stack.deploy",
  title: "Deploy the stack mycloudmanager",
  targets: [{ kind: "stack", id: "toolbox", name: "mycloudmanager" }],
  actor,
  via: "ui",
  status: "running",
  message: "11 of 24 resources are complete",
  progress: { done: 2, total: 5 },
  steps: [
    {
      name: "Preflight",
      title: "Check quotas and choices",
      status: "succeeded",
      attempt: 1,
      started_at: ago(64),
      ended_at: ago(62),
      message: "",
      undo: false,
    },
    {
      name: "CreateStack",
      title: "Create the stack in Heat",
      status: "succeeded",
      attempt: 1,
      started_at: ago(62),
      ended_at: ago(60),
      message: "",
      undo: false,
    },
    {
      name: "AwaitStack",
      title: "Wait until Heat has made every resource",
      status: "running",
      attempt: 2,
      started_at: ago(60),
      ended_at: null,
      message: "11 of 24 resources are complete",
      undo: false,
    },
    {
      name: "AwaitCluster",
      title: "Wait until the cluster answers",
      status: "queued",
      attempt: 0,
      started_at: null,
      ended_at: null,
      message: "",
      undo: false,
    },
    {
      name: "SaveAccess",
      title: "Keep the way into the cluster",
      status: "queued",
      attempt: 0,
      started_at: null,
      ended_at: null,
      message: "",
      undo: false,
    },
  ],
  result: {},
  started_at: ago(64),
  ended_at: null,
  links: { ...links, temporal: "/temporal/namespaces/default/workflows/stack:toolbox" },
};

export const MockBlocked: Task = {
  ...MockDeploy,
  id: "stack:toolbox~0b10",
  status: "blocked",
  message: "Waiting for a decision",
  steps: MockDeploy.steps.map((s) => (s.status === "running" ? { ...s, status: "blocked" } : s)),
  error: {
    code: "quota",
    detail:
      "Resource CREATE failed: Forbidden: resources.nodes.resources[1]: Quota exceeded for cores: Requested 4, but already used 18 of 20 cores (HTTP 403)",
  },
};

export const MockLaunch: Task = {
  ...MockDeploy,
  id: "app:zabbix~77aa",
  operation: "app.launch",
  title: "Launch Zabbix",
  targets: [{ kind: "app", id: "zabbix", name: "Zabbix" }],
  message: "Waiting for the pod to be ready",
  progress: { done: 4, total: 6 },
  started_at: ago(31),
};

const done = (task: Partial<Task>, seconds: number): Task => ({
  ...MockLaunch,
  ...task,
  status: task.status ?? "succeeded",
  message: task.message ?? "",
  steps: MockDeploy.steps.map((step) => ({ ...step, status: "succeeded" })),
  progress: { done: 5, total: 5 },
  started_at: ago(seconds),
  ended_at: ago(seconds - 42),
});

export const MockTasks: Task[] = [
  MockLaunch,
  { ...MockBlocked, started_at: ago(420) },
  done(
    {
      id: "app:ntp~1",
      title: "Launch Time Server",
      message: "Time Server is Healthy",
      targets: [{ kind: "app", id: "ntp", name: "Time Server" }],
    },
    1900,
  ),
  done(
    {
      id: "app:ntp~0",
      title: "Launch Time Server",
      status: "failed",
      targets: [{ kind: "app", id: "ntp", name: "Time Server" }],
      error: { code: "unavailable", detail: "503 Service Unavailable: no healthy upstream" },
    },
    5400,
  ),
  done(
    {
      id: "app:ntp~c",
      operation: "app.configure",
      title: "Change the settings of Time Server",
      status: "cancelled",
      targets: [{ kind: "app", id: "ntp", name: "Time Server" }],
      via: "cli",
    },
    86_900,
  ),
  done(
    {
      id: "stack:toolbox~1",
      operation: "stack.deploy",
      title: "Deploy the stack mycloudmanager",
      message: "The stack is ready",
      targets: MockDeploy.targets,
    },
    173_000,
  ),
];

export const MockApp: App = {
  name: "ntp",
  title: "Time Server",
  category: "Time",
  description:
    "chrony gives every instance the same time, from servers of your choice, so that logs and certificates agree.",
  links: [{ title: "chrony", url: "https://chrony-project.org/" }],
  icon: "/api/v1/apps/ntp/icon",
  version: "4.6.1",
  available_versions: ["4.6.1", "4.5"],
  available: true,
  health: "Healthy",
  reason: "1 of 1 pods ready",
  since: ago(1800),
  url: "",
  dns_name: "ntp.default.svc.mycloudmanager",
  volume: {
    id: "3c1f6e0e-6d4f-4d5b-9a0c-0d4c4fb5a001",
    size_gb: 1,
    status: "in-use",
    attached_to: "mycloudmanager-node-0",
  },
  retained_volumes: [],
  volume_size_gb: 1,
  revision: 3,
  settings: {
    environment: { TZ: "Europe/Paris", ADMIN_PASSWORD: "********" },
    parameters: { servers: ["0.pool.ntp.org", "1.pool.ntp.org"], stratum: 10, allow: true },
  },
  schema: {
    environment: {
      type: "object",
      properties: {
        TZ: { type: "string", title: "Time zone", description: "A name such as Europe/Paris." },
        ADMIN_PASSWORD: { type: "string", title: "Administrator’s password", format: "password" },
      },
      required: ["TZ"],
    },
    parameters: {
      type: "object",
      properties: {
        servers: {
          type: "array",
          title: "Upstream servers",
          items: { type: "string", minLength: 1 },
          minItems: 1,
        },
        stratum: { type: "integer", title: "Local stratum", minimum: 1, maximum: 15 },
        allow: { type: "boolean", title: "Serve the whole network" },
        level: { type: "string", title: "Log level", enum: ["info", "debug"] },
      },
      required: ["servers", "stratum"],
    },
  },
  etag: "e1",
  agent: { supported: true },
};

const other = (app: Partial<App>): App => ({
  ...MockApp,
  volume: undefined,
  revision: 0,
  reason: "",
  since: null,
  settings: { environment: {}, parameters: {} },
  ...app,
  icon: `/api/v1/apps/${app.name}/icon`,
  dns_name: `${app.name}.default.svc.mycloudmanager`,
});

export const MockApps: App[] = [
  other({
    name: "artifactory",
    title: "Repositories Hosting",
    category: "Packages",
    health: "Missing",
    retained_volumes: [
      { id: "9d1e0c52-0000-4000-8000-000000000001", size_gb: 20, created_at: ago(9e5) },
    ],
    volume_size_gb: 20,
  }),
  other({
    name: "clamav",
    title: "Antivirus Update Mirror",
    category: "Security",
    health: "Suspended",
  }),
  other({
    name: "graylog",
    title: "Log Management",
    category: "Logs",
    health: "Degraded",
    reason: "back-off restarting failed container",
    since: ago(300),
    url: "http://graylog.default.svc.mycloudmanager/",
    revision: 2,
  }),
  MockApp,
  other({ name: "rundeck", title: "Scheduler", category: "Jobs", health: "Missing" }),
  other({
    name: "zabbix",
    title: "Monitoring",
    category: "Monitoring",
    health: "Progressing",
    task: "/api/v1/tasks/app:zabbix~77aa",
    reason: "waiting for 1 of 2 pods",
    since: ago(30),
    url: "http://zabbix.default.svc.mycloudmanager/",
    revision: 1,
    default_credentials: { username: "Admin", password: "zabbix" },
  }),
];

export const MockAbsent: Stack = {
  state: "absent",
  reason: "",
  name: "",
  heat_id: "",
  parameters: {},
  outputs: {},
  nodes: [],
};

const server = (role: string, index: number, flavor: string) => ({
  id: `${role}-${index}`,
  name: `mycloudmanager-${role}-${index}`,
  role,
  flavor,
  address: `10.0.0.${10 + index}`,
  state: "ACTIVE",
});

export const MockStack: Stack = {
  state: "ready",
  reason: "Stack CREATE completed successfully",
  name: "mycloudmanager",
  heat_id: "5b0d1a6c-1111-4222-8333-944455556666",
  parameters: {
    masters: "2",
    nodes: "3",
    etcd: "3",
    master_flavor: "m1.medium",
    node_flavor: "m1.medium",
    etcd_flavor: "m1.small",
  },
  outputs: {
    floating_ip: "203.0.113.17",
    master_addresses: ["10.0.0.10", "10.0.0.11"],
    node_addresses: ["10.0.0.20", "10.0.0.21", "10.0.0.22"],
    network_id: "b2f1d7de-0c4e-4e58-b4f0-6f4d9d1f0001",
  },
  nodes: [
    server("master", 0, "m1.medium"),
    server("master", 1, "m1.medium"),
    server("node", 0, "m1.medium"),
    server("node", 1, "m1.medium"),
    server("node", 2, "m1.medium"),
    server("etcd", 0, "m1.small"),
  ],
  cluster: { version: "v1.36.0+k3s1", nodes_ready: 5, nodes_total: 5 },
};

const vertex = (id: string, type: string, state: string, reason = "") => ({
  id,
  type: `OS::${type}`,
  name: id,
  state,
  reason,
});

const C = "CREATE_COMPLETE";

export const MockTopology: Topology = {
  nodes: [
    vertex("network", "Neutron::Net", C),
    vertex("subnet", "Neutron::Subnet", C),
    vertex("router", "Neutron::Router", C),
    vertex("router_interface", "Neutron::RouterInterface", C),
    vertex("security_group_world", "Neutron::SecurityGroup", C),
    vertex("security_group_inside", "Neutron::SecurityGroup", C),
    vertex("floating_ip", "Neutron::FloatingIP", C),
    vertex("masters_group", "Nova::ServerGroup", C),
    vertex("master-0-port", "Neutron::Port", C),
    vertex("master-0", "Nova::Server", "CREATE_IN_PROGRESS"),
    vertex("node-0-port", "Neutron::Port", C),
    vertex("node-0", "Nova::Server", C),
    vertex("node-1-port", "Neutron::Port", C),
    vertex(
      "node-1",
      "Nova::Server",
      "CREATE_FAILED",
      "Forbidden: resources.node-1: Quota exceeded for cores: Requested 4, but already used 18 of 20 cores (HTTP 403)",
    ),
    vertex("node-2", "Nova::Server", "INIT_COMPLETE"),
  ],
  edges: [
    { from: "subnet", to: "network" },
    { from: "router_interface", to: "subnet" },
    { from: "router_interface", to: "router" },
    { from: "master-0-port", to: "subnet" },
    { from: "master-0-port", to: "security_group_world" },
    { from: "master-0-port", to: "security_group_inside" },
    { from: "master-0", to: "master-0-port" },
    { from: "master-0", to: "masters_group" },
    { from: "floating_ip", to: "master-0-port" },
    { from: "node-0-port", to: "subnet" },
    { from: "node-0", to: "node-0-port" },
    { from: "node-1-port", to: "subnet" },
    { from: "node-1", to: "node-1-port" },
    { from: "node-2", to: "security_group_inside" },
  ],
};

export const MockEvents: StackEvent[] = MockTopology.nodes.map((node, index) => ({
  id: `e${index}`,
  time: ago(100 - index * 5),
  resource: node.name,
  state: node.state,
  reason: node.reason || "state changed",
}));

export const MockOptions: StackOptions = {
  presets: [
    { name: "small", masters: 1, nodes: 0, etcd: 0 },
    { name: "ha", masters: 2, nodes: 3, etcd: 3 },
  ],
  key_pairs: ["demo"],
  images: [
    { id: "i1", name: "Debian 12" },
    { id: "i2", name: "Ubuntu 24.04" },
  ],
  flavors: [
    { id: "f1", name: "m1.small", vcpus: 1, ram_mb: 2048, disk_gb: 20 },
    { id: "f2", name: "m1.medium", vcpus: 2, ram_mb: 4096, disk_gb: 40 },
  ],
  external_networks: [{ id: "n1", name: "public" }],
  volume_types: ["lvm"],
};

const check = (
  resource: PreflightReport["checks"][number]["resource"],
  numbers: number[],
  detail = "",
) => {
  const [needed = 0, used = 0, limit = -1] = numbers;
  return { resource, needed, used, limit, ok: limit < 0 || used + needed <= limit, detail };
};

export const MockPreflight: PreflightReport = {
  ok: true,
  checks: [
    check("instances", [1, 6, 20]),
    check("cores", [2, 9, 40]),
    check("ram", [4096, 18_432, 102_400]),
    check("floating_ips", [1, 1, 10]),
    check("networks", [1, 1, 100]),
    check("ports", [3, 8, 500]),
    check("image", [1, 0, -1], "Debian 12"),
    check("flavor", [3, 0, -1], "masters m1.medium, nodes m1.medium, etcd m1.small"),
    check("heat", [], "available"),
    check("trust", [], "your own token can make the trust that Heat needs"),
  ],
  parameters: {
    name: "mycloudmanager",
    preset: "small",
    masters: 1,
    nodes: 0,
    etcd: 0,
    image: "Debian 12",
    external_network: "public",
    master_flavor: "m1.medium",
    node_flavor: "m1.medium",
    etcd_flavor: "m1.small",
  },
};

export const MockTightPreflight: PreflightReport = {
  ...MockPreflight,
  ok: false,
  checks: MockPreflight.checks.map((c) =>
    c.resource === "cores"
      ? { ...c, limit: 10, ok: false, detail: "1 more needed: raise the quota or free some" }
      : c,
  ),
};

const record = (id: number, rest: Partial<AuditRecord>): AuditRecord => ({
  id,
  time: ago(id * 400),
  actor,
  source_ip: "192.0.2.14",
  user_agent: "Mozilla/5.0",
  via: "ui",
  operation: "app.launch",
  title: "Launch Time Server",
  targets: [{ kind: "app", id: "ntp", name: "Time Server" }],
  changes: [],
  outcome: "succeeded",
  detail: "",
  task: "app:ntp~1",
  request_id: "r",
  ...rest,
});

export const MockAudit: AuditRecord[] = [
  record(1, {
    operation: "app.configure",
    title: "Change the settings of Time Server",
    changes: [
      { field: "environment.TZ", old: "UTC", new: "Europe/Paris" },
      { field: "environment.ADMIN_PASSWORD", old: "********", new: "********" },
      { field: "parameters.stratum", old: "", new: "10" },
    ],
  }),
  record(2, { outcome: "failed", detail: "503 Service Unavailable: no healthy upstream" }),
  record(3, {
    operation: "session.open",
    title: "Sign in",
    targets: [],
    task: "",
    outcome: "refused",
    detail: "user name, password or project is wrong",
    actor: { id: "", name: "mallory" },
  }),
  record(4, { outcome: "started", via: "cli" }),
  record(5, {
    operation: "audit.export",
    title: "Export the audit",
    targets: [],
    task: "",
    detail: "xlsx",
  }),
];

const agentsOf = (
  states: Partial<Record<string, Instance["agents"][number]["state"]>>,
): Instance["agents"] =>
  MockApps.map(({ name, version }) => {
    const state = states[name] ?? "absent";
    return state === "absent"
      ? { app: name, state, version: "", since: null }
      : { app: name, state, version, since: ago(900) };
  });

const MockWeb1: Instance = {
  id: "0a7c9a58-0c2b-4a44-9a2f-000000000001",
  name: "web-1",
  addresses: [
    { network: "internal", address: "192.168.10.11", kind: "fixed" },
    { network: "internal", address: "203.0.113.41", kind: "floating" },
  ],
  flavor: "m1.small",
  image: "Debian 12",
  power_state: "RUNNING",
  status: "ACTIVE",
  enrolled: true,
  enrolled_at: ago(90_000),
  distribution: "debian 12",
  address: "192.168.10.11",
  agents: agentsOf({ graylog: "failed", ntp: "installed", zabbix: "drifted" }),
  last_backup_at: ago(57_600),
  restore_points: 3,
};

export const MockInstances: Instance[] = [
  {
    ...MockWeb1,
    id: "0a7c9a58-0c2b-4a44-9a2f-000000000002",
    name: "build-1",
    addresses: [{ network: "internal", address: "192.168.10.31", kind: "fixed" }],
    flavor: "m1.medium",
    image: "",
    agents: agentsOf({ ntp: "installed", zabbix: "running", graylog: "queued" }),
    task: "/api/v1/tasks/app:zabbix~77aa",
  },
  {
    ...MockWeb1,
    id: "0a7c9a58-0c2b-4a44-9a2f-000000000003",
    name: "legacy",
    last_backup_at: null,
    restore_points: 0,
    addresses: [{ network: "internal", address: "192.168.10.99", kind: "fixed" }],
    image: "CentOS 6",
    power_state: "SHUTDOWN",
    status: "SHUTOFF",
    enrolled: false,
    enrolled_at: null,
    distribution: "",
    address: "",
    agents: agentsOf({}),
  },
  MockWeb1,
  {
    ...MockWeb1,
    id: "0a7c9a58-0c2b-4a44-9a2f-000000000004",
    name: "web-2",
    addresses: [{ network: "internal", address: "192.168.10.12", kind: "fixed" }],
    image: "Ubuntu 24.04",
    enrolled: false,
    enrolled_at: null,
    distribution: "",
    address: "",
    agents: agentsOf({}),
  },
];

const MockToken: EnrollmentToken = {
  id: "k4ybq2",
  label: "web servers",
  status: "active",
  agents: ["ntp"],
  max_uses: 5,
  uses_left: 3,
  uses: [
    { at: ago(900), server_id: MockWeb1.id, source_ip: "192.168.10.11" },
    { at: ago(800), server_id: MockWeb1.id, source_ip: "192.168.10.31" },
  ],
  created_at: ago(1200),
  expires_at: ago(-2400),
  created_by: actor,
};

export const MockTokens: EnrollmentToken[] = [
  MockToken,
  {
    ...MockToken,
    id: "m7dd3a",
    label: "",
    status: "used",
    max_uses: 1,
    uses: MockToken.uses.slice(1),
    uses_left: 0,
  },
  { ...MockToken, id: "p2x4ck", label: "old image", status: "expired", uses_left: 0, uses: [] },
];

export const MockCreatedToken: CreatedToken = {
  ...MockToken,
  uses: [],
  uses_left: 5,
  expires_at: ago(-604_800),
  token: "mcm_enr_0123456789abcdefghijkl",
  command:
    "{ echo 'MCM_TOKEN=mcm_enr_0123456789abcdefghijkl'; curl -fsSL http://10.0.0.10:8080/api/v1/enroll.sh || wget -qO- http://10.0.0.10:8080/api/v1/enroll.sh || echo 'echo \"cannot fetch enroll.sh\" >&2; exit 1'; } | sudo sh",
  cloud_config:
    "#cloud-config\nwrite_files:\n  - path: /run/mcm-token\n    permissions: '0600'\n    content: |\n      MCM_TOKEN=mcm_enr_0123456789abcdefghijkl\nruncmd:\n  - [sh, -c, 'curl -fsSL http://10.0.0.10:8080/api/v1/enroll.sh | sh']\n",
  warning:
    "the token is valid for more than a day: anyone who obtains it can enroll servers of this project until it expires",
};

/** A log of any length; lines are generated on demand. */
export interface MockLog {
  total: number;
  errors: number;
  incomplete_reason: string;
  line: (position: number) => LogLine;
}

const logTasks = ["Packages are there", "The configuration is written", "The service is running"];

/** Log of a playbook on three instances, one of which fails at line 70. */
export const MockTaskLog: MockLog = {
  total: 1_200,
  errors: 2,
  incomplete_reason: "",
  line(position) {
    const time = new Date(Date.UTC(2026, 10, 23, 9, 0, 0) + position * 137).toISOString();
    if (position === 0) {
      return { position, time, step: "", level: "info", message: "the task starts" };
    }
    const playbook = {
      position,
      time,
      step: "RunAgentPlaybook",
      host: `web-${(position % 3) + 1}`,
      task: logTasks[Math.floor(position / 3) % 3],
    };
    if (position === 69) {
      return { ...playbook, level: "warning", message: "retry: try 1 of 3 failed" };
    }
    if (position === 70) {
      return {
        ...playbook,
        level: "error",
        message: "failed: No package matching 'chrony' is available in any of the repositories",
      };
    }
    if (position === 71) {
      return {
        ...playbook,
        host: "web-2",
        level: "error",
        stream: "stderr",
        message: "E: Unable to locate package chrony",
      };
    }
    if (position % 10 === 3) {
      return {
        ...playbook,
        level: "info",
        stream: "stdout",
        message: `Get:${position} bookworm/main`,
      };
    }
    return { ...playbook, level: "info", message: position % 4 ? "ok" : "changed" };
  },
};
