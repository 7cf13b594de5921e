export interface StreamHandlers {
  events: Record<string, (data: unknown) => void>;
  onOpen?: () => void;
  onDown?: () => void;
}

const againAfter = 3_000;

/**
 * Listens to server-sent events until the returned function is called. A browser comes back by
 * itself when the network breaks, but gives up when it is answered with an error (a restart behind
 * a proxy): then the stream is opened anew.
 */
export function openStream(url: string, { events, onOpen, onDown }: StreamHandlers): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connect = () => {
    source = new EventSource(url);
    source.onopen = () => onOpen?.();
    source.onerror = () => {
      onDown?.();
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, againAfter);
    };
    for (const [type, handle] of Object.entries(events)) {
      source.addEventListener(type, (event) => handle(JSON.parse(event.data)));
    }
  };
  connect();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
