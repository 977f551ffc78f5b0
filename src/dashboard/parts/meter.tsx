/** How much of a limit is used, as a bar with its numbers in words. */

export interface MeterProps {
  readonly label: string;
  readonly value: number | null;
  readonly limit: number | null;
  readonly text: string;
  /** A share of the limit that something else holds already. */
  readonly other?: number;
  /** Being full is no trouble. */
  readonly plain?: boolean;
}

const WARN = 0.8;
const FULL = 0.95;

export function Meter({ label, value, limit, text, other = 0, plain = false }: MeterProps) {
  const share = value === null || limit === null || limit <= 0 ? null : value / limit;
  const held = limit === null || limit <= 0 ? 0 : Math.min(1, other / limit);
  const tone = share === null || plain ? "" : share >= FULL ? "bad" : share >= WARN ? "warn" : "";
  return (
    <div
      class="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? 0 : Math.min(100, Math.round(share * 100))}
      aria-valuetext={text}
    >
      <span class="bar" aria-hidden="true">
        <span class={`fill ${tone}`} style={{ width: `${Math.min(1, share ?? 0) * 100}%` }} />
        {held > 0 && <span class="fill held" style={{ width: `${held * 100}%` }} />}
      </span>
      <span class="text">{text}</span>
    </div>
  );
}
