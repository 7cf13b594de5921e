import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { applyLog, logHeadQuery } from "../../api/queries/taskLog.ts";
import { openStream } from "../../api/stream.ts";
import type { LogChange } from "../../api/types.ts";

/**
 * How long a task's log is, kept up to date while the task is running and until its last lines have come. What the server
 * tells is only that there is more: the lines that are in sight are read by their place.
 */
export function useTaskLog(id: string, running: boolean) {
  const client = useQueryClient();
  const language = useTranslation().i18n.language;
  const [ended, setEnded] = useState(false);
  const [begun, setBegun] = useState(running); // its last lines come after the task has ended
  if (running && !begun) setBegun(true);
  const live = begun && !ended;
  const head = useQuery(logHeadQuery(id, live));
  useEffect(() => {
    if (!live) return;
    const url = `/api/v1/tasks/${encodeURIComponent(id)}/log/events?lines=false&lang=${language}`;
    return openStream(url, {
      events: {
        log(data) {
          const change = data as LogChange;
          applyLog(client, id, change);
          if (change.ended) setEnded(true);
        },
      },
    });
  }, [client, id, live, language]);
  return { head, live };
}
