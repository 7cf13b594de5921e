export interface StreamHandlers {
  events: Record<string, (data: unknown) => void>;
  onOpen?: () => void;
  onDown?: () => void;
}

const reconnectDelay = 3_000;

/**
 * Subscribes to server-sent events until the returned function is called. Browsers reconnect after
 * network errors but not after an HTTP error (such as a restart behind a proxy); in that case the
 * stream is opened again after reconnectDelay.
 */
export function openStream(url: string, { events, onOpen, onDown }: StreamHandlers): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connect = () => {
    source = new EventSource(url);
    source.onopen = () => onOpen?.();
    source.onerror = () => {
      onDown?.();
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, reconnectDelay);
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
