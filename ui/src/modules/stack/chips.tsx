import { useTranslation } from "react-i18next";
import type { StackState } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import { resourceLook, stackLooks } from "./looks.ts";
import { useStateWord } from "./useStateWord.ts";

export function StackChip({ state }: { state: StackState }) {
  const { t } = useTranslation("stack");
  return <StatusChip look={stackLooks[state]} word={t(`state.${state}`)} />;
}

/** `still` for the past, in which nothing turns any more. */
export function ResourceChip({ state, still }: { state: string; still?: boolean }) {
  const word = useStateWord();
  const look = resourceLook(state);
  return <StatusChip look={still ? { ...look, turning: false } : look} word={word(state)} />;
}
