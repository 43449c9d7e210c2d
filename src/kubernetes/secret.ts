// Kubernetes: the form in which a Secret is sent.
import { isObject, type JsonObject } from "./json";

export const isSecret = (object: JsonObject): boolean => object.kind === "Secret" && object.apiVersion === "v1";

/**
 * The object as it is sent: `stringData` becomes base64 in `data`, which is what the server keeps, so that who applies it
 * owns what it wrote.
 */
export function encodeStringData(object: JsonObject): JsonObject {
  if (!isSecret(object) || !isObject(object.stringData)) return object;
  const { stringData, ...rest } = object;
  const encoded = Object.entries(stringData).map(([key, text]) => [
    key,
    Buffer.from(String(text), "utf8").toString("base64"),
  ]);
  return { ...rest, data: { ...(isObject(rest.data) ? rest.data : {}), ...Object.fromEntries(encoded) } };
}
