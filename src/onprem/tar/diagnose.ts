// Tar: what is wrong with a header that is not the one expected (PF-3). Pure; whatever it says, the entry is refused.
import { Refusal, shown } from "../format/refusal";
import { BLOCK, checksum, encodeHeader, fields } from "./header";

const kinds: Record<string, string> = {
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a character device",
  "4": "a block device",
  "5": "a directory",
  "6": "a pipe",
  "7": "a contiguous file",
  L: "a long name of GNU tar",
  K: "a long link of GNU tar",
  S: "a sparse file of GNU tar",
  V: "a volume label of GNU tar",
  M: "a continued file of GNU tar",
  g: "a global pax header",
  x: "a pax header",
};

const canonical =
  "plain files in USTAR, mode 0644, of owner 0, of time 0, with the names and in the order that index.json gives";

type Field = keyof typeof fields;

/** Name and size of a header that is canonical for any name; undefined for all others. */
export function decodeHeader(header: Buffer): { name: string; size: number } | undefined {
  const name = text(header, "name");
  const digits = /^([0-7]{11})\0$/.exec(raw(header, "size"))?.[1];
  if (name === "" || digits === undefined) return undefined;
  const size = Number.parseInt(digits, 8);
  return encodeHeader(name, size).equals(header) ? { name, size } : undefined;
}

/**
 * Says why a header is refused.
 *
 * @param name what should stand here; nothing where the tar should end
 * @param size bytes that its content should have; nothing if any size will do
 */
export function diagnose(header: Buffer, name: string | undefined, size?: number): Refusal {
  const wanted = name === undefined ? "its end" : name;
  if (header.every(byte => byte === 0))
    return new Refusal(`the tar ends where ${wanted} belongs.`, `${wanted} here: none missing.`);
  const found = shown(text(header, "name"));
  const kind = kinds[raw(header, "type")];
  if (kind) return new Refusal(`the entry ${found} is ${kind}.`, canonical);
  if (raw(header, "magic") !== "ustar\x0000")
    return new Refusal(
      `the header where ${wanted} belongs is not of USTAR (${shown(raw(header, "magic"))}).`,
      canonical,
    );
  const sum = `${checksum(header).toString(8).padStart(6, "0")}\0 `;
  if (sum !== raw(header, "checksum"))
    return new Refusal(`the header where ${wanted} belongs was altered: its checksum does not hold.`, canonical);
  if (unsafe(text(header, "name")) || text(header, "prefix") !== "")
    return new Refusal(`the entry ${found} leads out of the bundle's own names.`, canonical);
  if (name === undefined)
    return new Refusal(
      `the entry ${found} is one that nothing refers to, or comes twice or too late.`,
      "its end here.",
    );
  if (text(header, "name") !== name)
    return new Refusal(
      `the entry ${found} stands where ${name} belongs.`,
      `${name} here: none missing, added, twice or moved.`,
    );
  const says = decodeHeader(header);
  if (says && size !== undefined)
    return new Refusal(`${name} has ${says.size} bytes.`, `${size} bytes, as what refers to it says.`);
  const field = firstDifference(header, name, size);
  return new Refusal(`the ${field} of ${name} is ${shown(raw(header, field))}.`, canonical);
}

function firstDifference(header: Buffer, name: string, size = 0): Field {
  const expected = encodeHeader(name, size);
  const order: Field[] = ["mode", "uid", "gid", "mtime", "link", "owner", "group", "major", "minor", "prefix", "name"];
  return order.find(field => raw(header, field) !== raw(expected, field)) ?? "size";
}

function unsafe(name: string): boolean {
  return name.startsWith("/") || name.includes("\\") || name.split("/").some(part => part === ".." || part === ".");
}

function raw(header: Buffer, field: Field): string {
  const [start, length] = fields[field];
  return header.subarray(start, Math.min(start + length, BLOCK)).toString("latin1");
}

function text(header: Buffer, field: Field): string {
  return raw(header, field).replace(/\0[\s\S]*$/, "");
}
