const names: Record<string, string> = {
  almalinux: "AlmaLinux",
  centos: "CentOS",
  debian: "Debian",
  rhel: "RHEL",
  rocky: "Rocky Linux",
  ubuntu: "Ubuntu",
};

/** Returns the display name of a distribution such as "debian 12"; unknown names are unchanged. */
export function distributionName(distribution: string): string {
  const [id = "", ...version] = distribution.split(" ");
  return [names[id] ?? id, ...version].join(" ");
}
