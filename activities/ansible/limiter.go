package ansible

// MaxConcurrentHosts bounds the hosts on which one worker runs playbooks concurrently. Temporal distributes waiting
// activities to other workers.
const MaxConcurrentHosts = 50
