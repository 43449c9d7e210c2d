// AWS components: what Bottlerocket is told on a node of EKS, besides what EKS tells it. Pure; TOML (SP-6, SA-13).

export const nodeSettings = `[settings.kernel]
# Not even root changes the running kernel.
lockdown = "integrity"

[settings.kernel.sysctl]
# A process that dies leaves no memory behind (SP-6).
"kernel.core_pattern" = "|/bin/false"
"fs.suid_dumpable" = "0"

[settings.kubernetes]
# Also for the pods of add-ons, which do not ask for a profile.
seccomp-default = true

[settings.host-containers.admin]
enabled = false

[settings.host-containers.control]
# The agent of Session Manager: nobody opens a session on a node (SA-13).
enabled = false
`;
