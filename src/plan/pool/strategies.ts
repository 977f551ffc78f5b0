/** The strategies there are, by the name that `host.strategy` gives. A new one is a file and a line here. */
import type { StrategyName } from "../../model/project.ts";
import { DOMINANT_SHARE } from "./dominant-share.ts";
import { PRIORITY } from "./priority.ts";
import type { Strategy } from "./strategy.ts";
import { WEIGHTED_ROUND_ROBIN } from "./weighted-round-robin.ts";

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  "weighted-round-robin": WEIGHTED_ROUND_ROBIN,
  priority: PRIORITY,
  "dominant-share": DOMINANT_SHARE,
};
