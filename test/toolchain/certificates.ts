// Toolchain tests: an authority of their own, and certificates of it. Nothing of it is in the repository.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../toolchain/run";

const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-nodes"];

/** Writes ca.pem and ca.key into `directory`. */
export async function makeAuthority(directory: string): Promise<void> {
  const files = ["-keyout", join(directory, "ca.key"), "-out", join(directory, "ca.pem")];
  await openssl(["req", "-x509", ...kind, ...files, "-subj", "/CN=authority of the tests"]);
}

/**
 * Writes NAME.crt, NAME.key and NAME.pem (both), readable by anyone.
 * @param of names and addresses it is for
 */
export async function makeCertificate(
  directory: string,
  name: string,
  of = "DNS:localhost,IP:127.0.0.1",
): Promise<void> {
  const at = (ending: string) => join(directory, `${name}.${ending}`);
  const names = ["-addext", `subjectAltName=${of}`];
  const signed = ["-CA", join(directory, "ca.pem"), "-CAkey", join(directory, "ca.key")];
  await openssl([
    "req",
    "-x509",
    ...kind,
    ...signed,
    "-keyout",
    at("key"),
    "-out",
    at("crt"),
    "-subj",
    `/CN=${name}`,
    ...names,
  ]);
  const { code } = await run("sh", ["-c", 'cat "$1" "$2" > "$3"', "sh", at("crt"), at("key"), at("pem")]);
  if (code !== 0) throw new Error("the certificate and its key cannot be put together");
  for (const ending of ["crt", "key", "pem"]) chmodSync(at(ending), 0o644);
}

async function openssl(args: string[]): Promise<void> {
  const { code, stderr } = await run("openssl", args);
  if (code !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}
