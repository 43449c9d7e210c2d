// Kubernetes components: what every pod and container is forbidden, as Pod Security `restricted` asks and one step further (RT-12, RT-27, SP-11).

/** Of a pod: who it runs as. The group as well: a user id alone runs in group 0. */
export function podSecurityContext({ user, fsGroup = user }: { user: number; fsGroup?: number }) {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    // Volumes and Secrets belong to this group, which the process is in (IS-3).
    fsGroup,
    // A volume of many files is walked once, not at every start.
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** Of a container. `user` where it is not the pod's: a collector beside a process, say. */
export function containerSecurityContext(user?: number) {
  return {
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
    runAsNonRoot: true,
    ...(user !== undefined && { runAsUser: user, runAsGroup: user }),
    seccompProfile: { type: "RuntimeDefault" },
  };
}
