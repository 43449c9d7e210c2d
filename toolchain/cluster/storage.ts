// Cluster: volumes on demand, as directories below the cluster's own.
import { NODE_NAME } from "./addresses";
import { type KubeObject, serviceAccount, systemPod } from "./objects";

/** Storage classes: for a volume of one replica, and for one that several replicas share. */
export const STORAGE_CLASSES = { replica: "local", replicas: "local-shared" } as const;

const PROVISIONER = "palisade.dev/local-path";

/**
 * `local` volumes are of the type that the kubelet hands over to the pod's fsGroup. `local-shared` ones are of a type
 * that it leaves as they are; they are writable for every user, as an export for many pods has to be.
 * @param volumes directory of the machine below which volumes are made
 */
export function storage(image: string, helperImage: string, volumes: string): KubeObject[] {
  const name = "local-path-provisioner";
  const configMap = `${name}-config`;
  const config = {
    storageClassConfigs: {
      [STORAGE_CLASSES.replica]: { nodePathMap: [{ node: NODE_NAME, paths: [volumes] }] },
      [STORAGE_CLASSES.replicas]: { sharedFileSystemPath: `${volumes}/shared` },
    },
  };
  const helper = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "helper-pod" },
    spec: {
      priorityClassName: "system-node-critical",
      automountServiceAccountToken: false,
      containers: [
        {
          name: "helper-pod",
          image: helperImage,
          securityContext: { runAsUser: 0, runAsGroup: 0, allowPrivilegeEscalation: false },
        },
      ],
    },
  };
  const namespace = "kube-system";
  return [
    ...serviceAccount(name, [
      {
        apiGroups: [""],
        resources: ["nodes", "persistentvolumeclaims", "configmaps", "pods/log"],
        verbs: ["get", "list", "watch"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "patch", "update", "delete"] },
      {
        apiGroups: [""],
        resources: ["persistentvolumes"],
        verbs: ["get", "list", "watch", "create", "patch", "update", "delete"],
      },
      { apiGroups: [""], resources: ["events"], verbs: ["create", "patch"] },
      { apiGroups: [""], resources: ["endpoints"], verbs: ["get", "list", "watch", "create", "update"] },
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        verbs: ["get", "list", "watch", "create", "update", "patch"],
      },
      { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["get", "list", "watch"] },
    ]),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: configMap, namespace },
      data: {
        "config.json": JSON.stringify(config),
        setup: '#!/bin/sh\nset -eu\nmkdir -p "$VOL_DIR"\nchmod 0777 "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        "helperPod.yaml": JSON.stringify(helper),
      },
    },
    systemPod({
      name,
      labels: { app: name },
      image,
      args: [
        "start",
        "--config=/etc/config/config.json",
        `--provisioner-name=${PROVISIONER}`,
        `--service-account-name=${name}`,
        `--configmap-name=${configMap}`,
        `--helper-image=${helperImage}`,
      ],
      env: [
        { name: "POD_NAMESPACE", value: namespace },
        { name: "CONFIG_MOUNT_PATH", value: "/etc/config/" },
      ],
      mounts: [{ path: "/etc/config", volume: { configMap: { name: configMap } } }],
    }),
    storageClass(STORAGE_CLASSES.replica, "WaitForFirstConsumer", {
      "storageclass.kubernetes.io/is-default-class": "true",
      defaultVolumeType: "local",
    }),
    storageClass(STORAGE_CLASSES.replicas, "Immediate", { defaultVolumeType: "hostPath" }),
  ];
}

function storageClass(name: string, volumeBindingMode: string, annotations: Record<string, string>): KubeObject {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name, annotations },
    provisioner: PROVISIONER,
    reclaimPolicy: "Delete",
    volumeBindingMode,
  };
}
