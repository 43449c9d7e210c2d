// Golden previews: what dev, staging, prod and the on-prem example would create, through the real engine and provider. Refreshed by `npm run golden`.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRoom, previewSteps, type Room } from "../local-stack";
import { normalise } from "./normalise";

let room: Room;
beforeAll(async () => {
  room = await openRoom();
});
afterAll(() => room.close());

test.each(["dev", "staging", "prod", "onprem"])("%s creates what its golden preview says", async name => {
  const { steps } = await previewSteps(await room.stack(name));
  await expect(normalise(steps)).toMatchFileSnapshot(join(__dirname, "golden", `${name}.json`));
});
