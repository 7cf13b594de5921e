import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { findInLog } from "../../api/queries/taskLog.ts";
import { notifyError } from "./notify.tsx";

export interface Found {
  position: number;
  /** The search went past the end and began again. */
  around: boolean;
}

interface Wanted {
  q?: string;
  level?: "error";
  from: number;
}

/** Looks for lines of a log on the server, forwards from where the last one was found. */
export function useFindInLog(id: string, onFound: (position: number) => void) {
  const abort = useRef<AbortController>(null);
  const trail = useRef<number[]>([]);
  const [found, setFound] = useState<Found | null>();
  const search = useMutation({
    mutationFn: async ({ from, ...what }: Wanted): Promise<Found | null> => {
      abort.current?.abort();
      const current = new AbortController();
      abort.current = current;
      const line = await findInLog(id, what, from, current.signal);
      if (line) return { position: line.position, around: false };
      if (from === 0) return null;
      const again = await findInLog(id, what, 0, current.signal);
      return again ? { position: again.position, around: true } : null;
    },
    onSuccess(result) {
      setFound(result);
      if (!result) return;
      trail.current.push(result.position);
      onFound(result.position);
    },
    onError: (error) => abort.current?.signal.aborted || notifyError(error),
  });
  return {
    found,
    searching: search.isPending,
    canGoBack: trail.current.length > 1,
    next: (q: string) => search.mutate({ q, from: found ? found.position + 1 : 0 }),
    previous() {
      trail.current.pop();
      const position = trail.current.at(-1);
      if (position === undefined) return;
      setFound({ position, around: false });
      onFound(position);
    },
    firstError: () => search.mutate({ level: "error", from: 0 }),
    reset() {
      abort.current?.abort();
      trail.current = [];
      setFound(undefined);
    },
  };
}
