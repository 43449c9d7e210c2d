// Registry: where it is. TLS, unless it is on loopback or plain http was asked for in as many words (RT-9, SP-10).
import { isIPv4 } from "node:net";
import { Failure } from "../../../toolchain/failure";

/** A registry, and the path below it that all repositories share. */
export interface RegistryAddress {
  /** Such as `https://registry.example.com:5000`. */
  origin: string;
  /** As image references name it: host, with the port if one was given, such as `registry.example.com:5000`. */
  host: string;
  /** Empty, or such as `customer/palisade`. */
  prefix: string;
}

const HOST = /^(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/i;
const COMPONENT = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/;

/**
 * @param text `HOST[:PORT][/PREFIX]`, or the same after `https://` or `http://`
 * @param plainHttp whether plain http may be spoken with a host that is not on loopback; false
 * @throws Failure when it is no address, holds credentials, or would need plain http that was not allowed
 */
export function parseRegistry(text: string, plainHttp = false): RegistryAddress {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*)$/s.exec(text) ?? [];
  const [host = "", ...path] = rest.replace(/\/$/, "").split("/");
  // Not shown: it may be a password.
  if (rest.includes("@"))
    throw new Failure(
      "the registry's address holds credentials, or a digest",
      "Allowed is HOST[:PORT][/PREFIX]; credentials are read from a file: `--registry-auth FILE`, in the format of Docker's config.json.",
    );
  if (!HOST.test(host) || !path.every(part => COMPONENT.test(part)) || path.join("/").length > 200)
    throw new Failure(
      `${JSON.stringify(text.slice(0, 200))} is no address of a registry`,
      "Allowed is HOST[:PORT][/PREFIX], such as registry.example.com:5000/palisade.",
    );
  const local = isLoopback(host);
  if (scheme === "http" && !local && !plainHttp)
    throw new Failure(
      `registry ${host} would be spoken with over plain http`,
      "Only a registry on loopback is, unless you say so: name it without http://, or add `--plain-http`.",
    );
  const plain = scheme === "http" || (scheme === undefined && (local || plainHttp));
  return { origin: `${plain ? "http" : "https"}://${host}`, host, prefix: path.join("/") };
}

/** Whether a host, with or without a port, is this machine by its very name. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name === "[::1]" || (isIPv4(name) && name.startsWith("127."));
}
