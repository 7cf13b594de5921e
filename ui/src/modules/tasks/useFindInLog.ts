import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { findInLog } from "../../api/queries/taskLog.ts";
import { notifyError } from "./notify.tsx";

export interface Found {
  position: number;
  /** The search reached the end and continued from the beginning. */
  wrapped: boolean;
}

interface SearchRequest {
  q?: string;
  level?: "error";
  from: number;
}

/** Searches a log on the server, forward from the last match. */
export function useFindInLog(id: string, onFound: (position: number) => void) {
  const abort = useRef<AbortController>(null);
  const history = useRef<number[]>([]);
  const [found, setFound] = useState<Found | null>();
  const search = useMutation({
    mutationFn: async ({ from, ...criteria }: SearchRequest): Promise<Found | null> => {
      abort.current?.abort();
      const current = new AbortController();
      abort.current = current;
      const line = await findInLog(id, criteria, from, current.signal);
      if (line) return { position: line.position, wrapped: false };
      if (from === 0) return null;
      const first = await findInLog(id, criteria, 0, current.signal);
      return first ? { position: first.position, wrapped: true } : null;
    },
    onSuccess(result) {
      setFound(result);
      if (!result) return;
      history.current.push(result.position);
      onFound(result.position);
    },
    onError: (error) => abort.current?.signal.aborted || notifyError(error),
  });
  return {
    found,
    searching: search.isPending,
    canGoBack: history.current.length > 1,
    next: (q: string) => search.mutate({ q, from: found ? found.position + 1 : 0 }),
    previous() {
      history.current.pop();
      const position = history.current.at(-1);
      if (position === undefined) return;
      setFound({ position, wrapped: false });
      onFound(position);
    },
    firstError: () => search.mutate({ level: "error", from: 0 }),
    reset() {
      abort.current?.abort();
      history.current = [];
      setFound(undefined);
    },
  };
}
