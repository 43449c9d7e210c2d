// Kubernetes: writes an object whole, over the version of it that was seen and over no other.
import type { ApiRequest } from "./client";
import { ApiError } from "./errors";
import { type JsonObject, objectAt } from "./json";
import type { Cluster, Place } from "./objects";

/**
 * The object as it was written; undefined where it is not, or no longer, as it was seen.
 * @param version its `resourceVersion` as it was seen; undefined where it was not there
 */
export async function writeOver(
  { api }: Cluster,
  { path }: Place,
  object: JsonObject,
  version: string | undefined,
  how: Pick<ApiRequest, "query" | "signal" | "attempts"> = {},
): Promise<JsonObject | undefined> {
  const isNew = version === undefined;
  const metadata = { ...objectAt(object, "metadata"), ...(!isNew && { resourceVersion: version }) };
  try {
    return await api.send({
      method: isNew ? "POST" : "PUT",
      path: isNew ? path.slice(0, path.lastIndexOf("/")) : path,
      body: { ...object, metadata },
      contentType: "application/json",
      ...how,
    });
  } catch (error) {
    const isMissed = error instanceof ApiError && (error.status === 409 || (error.status === 404 && !isNew));
    if (isMissed) return undefined;
    throw error;
  }
}
