// AWS components: the operating system of a machine, and what it must reach besides AWS itself (CP-1, CP-7).

export interface MachineBase {
  /** AMI, by the public parameter in which Canonical keeps the newest one; looked up at each launch. */
  imageId: string;
  /** Where apt takes signed packages from: Canonical's own archive and no mirror, since its addresses are known. */
  archives: { primary: string; security: string };
  /** Names of those archives, for whoever filters DNS. */
  hosts: readonly string[];
  /** Addresses of those archives. */
  ranges: readonly string[];
  /** The archives speak plain HTTP; apt checks every package against Canonical's signature. */
  port: number;
  packages: readonly string[];
}

export const machineBases = {
  "ubuntu-22.04": {
    // Canonical publishes 22.04 under `ebs-gp2`; the template makes the root disk gp3 all the same.
    imageId: "resolve:ssm:/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
    archives: { primary: "http://archive.ubuntu.com/ubuntu", security: "http://security.ubuntu.com/ubuntu" },
    hosts: ["archive.ubuntu.com", "security.ubuntu.com"],
    // Canonical's own networks (AS41231).
    ranges: ["91.189.88.0/21", "185.125.188.0/22", "2620:2d:4000::/44"],
    port: 80,
    packages: ["awscli", "docker.io"],
  },
} as const satisfies Record<string, MachineBase>;
