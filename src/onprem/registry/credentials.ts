// Registry: credentials, from a file in the format of Docker's config.json or a helper that it names. Never from the command line (SP-12).
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../../../toolchain/failure";

/** Who we are to a registry: a name and a password, or a token that is traded for others. */
export type Credentials = { username: string; password: string } | { identityToken: string };

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const configFile = z.object({
  auths: z.record(z.string(), entry).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});
const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });

const HELPER_TIMEOUT_MS = 20_000;
const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const LONGEST_ANSWER = 64 * 1024;

/**
 * What a file holds for a registry; undefined if nothing, and then we are nobody to it.
 * @param host host, with the port if one was given
 * @param file must exist; unless given, `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, if there is one
 * @throws Failure when the file is not of the format, or its helper fails; nothing that it holds is shown
 */
export async function credentialsFor(host: string, file?: string): Promise<Credentials | undefined> {
  const path = file ?? join(process.env.DOCKER_CONFIG ?? join(homedir(), ".docker"), "config.json");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (file === undefined && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw new Failure(
      `${path}: ${error.code ?? "cannot be read"}`,
      "Name a file in the format of Docker's config.json.",
    );
  });
  if (text === undefined) return undefined;
  const config = parse(text, path);
  const helper = config.credHelpers?.[host] ?? (entryOf(config, host) ? undefined : config.credsStore);
  if (helper) return askHelper(helper, host, path);
  const found = entryOf(config, host);
  if (!found) return undefined;
  if (found.identitytoken) return { identityToken: found.identitytoken };
  if (found.username !== undefined && found.password !== undefined)
    return { username: found.username, password: found.password };
  const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(found.auth ?? "", "base64").toString("utf8")) ?? [];
  if (username === undefined || password === undefined)
    throw new Failure(
      `${path}: the entry of ${host} has neither auth, nor username and password, nor identitytoken`,
      `auth is the base64 of name:password. Log in again: \`docker login ${host}\` (or skopeo, podman, oras).`,
    );
  return { username, password };
}

function parse(text: string, path: string): z.output<typeof configFile> {
  try {
    return configFile.parse(JSON.parse(text));
  } catch {
    // What the parser says would quote the file.
    throw new Failure(
      `${path} is not in the format of Docker's config.json`,
      'It looks like {"auths": {"HOST": {…}}}.',
    );
  }
}

/** Keys are hosts; older tools wrote whole addresses. */
function entryOf({ auths = {} }: z.output<typeof configFile>, host: string): z.output<typeof entry> | undefined {
  const key = [host, `https://${host}`, `https://${host}/v1/`, `https://${host}/v2/`].find(each =>
    Object.hasOwn(auths, each),
  );
  const found = key === undefined ? undefined : auths[key];
  // `{}` is what is left in the file when a helper keeps the rest.
  return found && Object.keys(found).length > 0 ? found : undefined;
}

function askHelper(name: string, host: string, path: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const failure = (why: string) =>
    new Failure(
      `${path} names ${program} for ${host}, which ${why}`,
      `Try it yourself: \`echo ${host} | ${program} get\`.`,
    );
  if (!HELPER_NAME.test(name)) throw new Failure(`${path} names a credential helper that is no program's name`, "");
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "ignore"], timeout: HELPER_TIMEOUT_MS });
    let answer = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      if (answer.length <= LONGEST_ANSWER) answer += chunk;
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(host);
    child.once("error", () => reject(failure("cannot be run")));
    child.once("close", code => {
      if (code !== 0 && /credentials not found/i.test(answer)) return resolve(undefined);
      if (code !== 0) return reject(failure(code === null ? "gave no answer in 20 s" : `ended with ${code}`));
      try {
        const { Username, Secret } = helperAnswer.parse(JSON.parse(answer));
        resolve(Username === "<token>" ? { identityToken: Secret } : { username: Username, password: Secret });
      } catch {
        reject(failure("gave no credentials"));
      }
    });
  });
}
