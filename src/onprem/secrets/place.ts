// Secrets on the spot: where a Secret lies.
import type { Place } from "../../kubernetes/objects";

export function secretPlace(namespace: string, name: string): Place {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
  return { apiVersion: "v1", kind: "Secret", namespace, name, path };
}
