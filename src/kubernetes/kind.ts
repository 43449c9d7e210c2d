// Kubernetes: what names a kind of the API.

export interface ApiKind {
  /** `v1`, `apps/v1`. */
  apiVersion: string;
  kind: string;
}
