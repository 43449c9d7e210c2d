// Reference services: the persona map and chat allowlist in the router's image, and the checksums a stack gives for them (RT-15).
import { createHash } from "node:crypto";

/** Chats the stand-in answers; any other is refused. */
const allowedChats = [1001, 1002, 1003];

/** Files of the router's image, below its working directory. */
export const routerFiles = {
  "config/persona-map.json": `${JSON.stringify({ chats: { "1001": "scribe", "1002": "archivist", "1003": "scribe" } })}\n`,
  "config/chat-allowlist.json": `${JSON.stringify({ chats: allowedChats })}\n`,
};

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Variables by which a stack names the files it means. */
export const routerChecksums = {
  PERSONA_MAP_SHA256: sha256(routerFiles["config/persona-map.json"]),
  CHAT_ALLOWLIST_SHA256: sha256(routerFiles["config/chat-allowlist.json"]),
};
