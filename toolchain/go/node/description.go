package main

// Node describes the node: what it sees of the machine, and what runs in it.
type Node struct {
	// Hostname inside the node.
	Hostname string `json:"hostname"`
	// Cgroup is the name of the control group made for the node in every hierarchy of the machine.
	Cgroup string `json:"cgroup"`
	// Log gets what the node itself has to say: services that ended, and why the node did not start.
	Log string `json:"log"`
	// Forward lists addresses inside the node that are to be reachable on the machine's loopback.
	Forward []string `json:"forward"`
	// Cover lists directories of the machine that the node must neither see nor write: each is empty memory inside it. The
	// rest of the machine's root file system it sees, and cannot write.
	Cover []string `json:"cover"`
	// Bind shows directories of the machine at other paths, or at their own below a covered one.
	Bind []Bind `json:"bind"`
	// Files are put over files of the machine.
	Files []File `json:"files"`
	// Setup is run to the end, one after the other, before any service starts.
	Setup [][]string `json:"setup"`
	// Services run until the node ends; one that ends is started again.
	Services []Service `json:"services"`
}

// Bind is a directory of the machine and the path at which the node finds it.
type Bind struct {
	Source string `json:"source"`
	Target string `json:"target"`
}

// File is text that the node finds at a path.
type File struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// Service is a program that runs as long as the node.
type Service struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
	// Env is added to the environment of the node program.
	Env map[string]string `json:"env"`
	Log string            `json:"log"`
	// After lists what must accept connections first, such as "tcp:127.0.0.1:2379" or "unix:/run/x.sock".
	After []string `json:"after"`
}

// Started is what `start` prints.
type Started struct {
	// PID of the node's first process, as the machine sees it.
	PID int `json:"pid"`
	// Ports on 127.0.0.1, one for each address of Forward, in that order.
	Ports []int `json:"ports"`
}
