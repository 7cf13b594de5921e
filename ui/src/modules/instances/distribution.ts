const names: Record<string, string> = {
  almalinux: "AlmaLinux",
  centos: "CentOS",
  debian: "Debian",
  rhel: "RHEL",
  rocky: "Rocky Linux",
  ubuntu: "Ubuntu",
};

/** "debian 12", as the instance spells it, the way its makers do; what is not known stays as it is. */
export function distributionName(distribution: string): string {
  const [id = "", ...version] = distribution.split(" ");
  return [names[id] ?? id, ...version].join(" ");
}
