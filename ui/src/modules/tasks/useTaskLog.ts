import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { applyLog, logHeadQuery } from "../../api/queries/taskLog.ts";
import { openStream } from "../../api/stream.ts";
import type { LogUpdate } from "../../api/types.ts";

/**
 * Keeps the length of a task's log up to date until its last lines have arrived. The event stream
 * only announces new lines; visible lines are fetched by position.
 */
export function useTaskLog(id: string, running: boolean) {
  const client = useQueryClient();
  const language = useTranslation().i18n.language;
  const [ended, setEnded] = useState(false);
  const [begun, setBegun] = useState(running); // the last lines arrive after the task has ended
  if (running && !begun) setBegun(true);
  const live = begun && !ended;
  const head = useQuery(logHeadQuery(id, live));
  useEffect(() => {
    if (!live) return;
    const url = `/api/v1/tasks/${encodeURIComponent(id)}/log/events?lines=false&lang=${language}`;
    return openStream(url, {
      events: {
        log(data) {
          const update = data as LogUpdate;
          applyLog(client, id, update);
          if (update.complete) setEnded(true);
        },
      },
    });
  }, [client, id, live, language]);
  return { head, live };
}
