// AWS components: how a client finds and trusts the API server of an EKS cluster. Pure; no credential is in it (PF-7, SA-13).

export interface ClusterAddress {
  name: string;
  endpoint: string;
  /** Base64 of its certificate. */
  certificateAuthority: string;
  region: string;
}

/** The token is made on the spot by the AWS CLI, from whoever asks: it lasts a quarter of an hour and lies nowhere. */
export function clusterKubeconfig({ name, endpoint, certificateAuthority, region }: ClusterAddress): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: endpoint, "certificate-authority-data": certificateAuthority } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [
      {
        name,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "aws",
            args: ["eks", "get-token", "--cluster-name", name, "--region", region, "--output", "json"],
            interactiveMode: "Never",
          },
        },
      },
    ],
  });
}
