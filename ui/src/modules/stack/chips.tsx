import { useTranslation } from "react-i18next";
import type { StackState } from "../../api/types.ts";
import { StatusChip } from "../../components/StatusChip.tsx";
import { resourceLook, stackLooks } from "./looks.ts";
import { useStateWord } from "./useStateWord.ts";

export function StackChip({ state }: { state: StackState }) {
  const { t } = useTranslation("stack");
  return <StatusChip look={stackLooks[state]} word={t(`state.${state}`)} />;
}

export function ResourceChip({ state }: { state: string }) {
  const word = useStateWord();
  return <StatusChip look={resourceLook(state)} word={word(state)} />;
}
