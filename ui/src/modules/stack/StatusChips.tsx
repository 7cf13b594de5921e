import { useTranslation } from "react-i18next";
import type { StackState } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import { resourceStyle, stackStyles } from "./statusStyles.ts";
import { useStateLabel } from "./useStateLabel.ts";

export function StackChip({ state }: { state: StackState }) {
  const { t } = useTranslation("stack");
  return <StatusChip statusStyle={stackStyles[state]} label={t(`state.${state}`)} />;
}

/** With `still` the icon does not spin, for states in the past. */
export function ResourceChip({ state, still }: { state: string; still?: boolean }) {
  const stateLabel = useStateLabel();
  const style = resourceStyle(state);
  return (
    <StatusChip
      statusStyle={still ? { ...style, spinning: false } : style}
      label={stateLabel(state)}
    />
  );
}
