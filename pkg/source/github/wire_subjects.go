package github

import "github.com/sigpost/sigpost/pkg/source"

// issue is an issue or a discussion.
type issue struct {
	Number      int64          `json:"number"`
	Title       source.Excerpt `json:"title"`
	Body        source.Excerpt `json:"body"`
	HTMLURL     string         `json:"html_url"`
	StateReason string         `json:"state_reason"`
	User        *account       `json:"user"`
	Labels      few[named]     `json:"labels"`
	Assignees   few[account]   `json:"assignees"`
	Milestone   *named         `json:"milestone"`
	Category    *named         `json:"category"`
	Pull        *struct{}      `json:"pull_request"`
	CreatedAt   string         `json:"created_at"`
	UpdatedAt   string         `json:"updated_at"`
	ClosedAt    string         `json:"closed_at"`
}

type pull struct {
	Number       int64          `json:"number"`
	Title        source.Excerpt `json:"title"`
	Body         source.Excerpt `json:"body"`
	HTMLURL      string         `json:"html_url"`
	Draft        bool           `json:"draft"`
	Merged       bool           `json:"merged"`
	User         *account       `json:"user"`
	MergedBy     *account       `json:"merged_by"`
	Labels       few[named]     `json:"labels"`
	Base         *branch        `json:"base"`
	Head         *branch        `json:"head"`
	Additions    int64          `json:"additions"`
	Deletions    int64          `json:"deletions"`
	ChangedFiles int64          `json:"changed_files"`
	CreatedAt    string         `json:"created_at"`
	UpdatedAt    string         `json:"updated_at"`
	ClosedAt     string         `json:"closed_at"`
}

type branch struct {
	Ref source.Excerpt `json:"ref"`
}

func (b *branch) name() string {
	if b == nil {
		return ""
	}
	return oneLine(string(b.Ref), nameRunes)
}

type comment struct {
	Body      source.Excerpt `json:"body"`
	HTMLURL   string         `json:"html_url"`
	UpdatedAt string         `json:"updated_at"`
}

type review struct {
	State       string         `json:"state"`
	Body        source.Excerpt `json:"body"`
	HTMLURL     string         `json:"html_url"`
	SubmittedAt string         `json:"submitted_at"`
}

type commit struct {
	ID      string         `json:"id"`
	Message source.Excerpt `json:"message"`
	URL     string         `json:"url"`
	Author  *struct {
		Name     source.Excerpt `json:"name"`
		Username source.Excerpt `json:"username"`
	} `json:"author"`
}

type release struct {
	TagName     source.Excerpt `json:"tag_name"`
	Name        source.Excerpt `json:"name"`
	Body        source.Excerpt `json:"body"`
	HTMLURL     string         `json:"html_url"`
	Prerelease  bool           `json:"prerelease"`
	Author      *account       `json:"author"`
	Assets      few[named]     `json:"assets"`
	PublishedAt string         `json:"published_at"`
}

type run struct {
	Name           source.Excerpt `json:"name"`
	DisplayTitle   source.Excerpt `json:"display_title"`
	HeadBranch     source.Excerpt `json:"head_branch"`
	HeadSHA        string         `json:"head_sha"`
	HeadRepository *repository    `json:"head_repository"`
	HeadCommit     *commit        `json:"head_commit"`
	Event          source.Excerpt `json:"event"`
	Conclusion     string         `json:"conclusion"`
	HTMLURL        string         `json:"html_url"`
	Attempt        int64          `json:"run_attempt"`
	StartedAt      string         `json:"run_started_at"`
	UpdatedAt      string         `json:"updated_at"`
}

type checkRun struct {
	Name        source.Excerpt `json:"name"`
	HeadSHA     string         `json:"head_sha"`
	Conclusion  string         `json:"conclusion"`
	HTMLURL     string         `json:"html_url"`
	StartedAt   string         `json:"started_at"`
	CompletedAt string         `json:"completed_at"`
	App         *named         `json:"app"`
	Suite       *struct {
		HeadBranch source.Excerpt `json:"head_branch"`
	} `json:"check_suite"`
	Output *struct {
		Title   source.Excerpt `json:"title"`
		Summary source.Excerpt `json:"summary"`
	} `json:"output"`
}

type deployment struct {
	Environment source.Excerpt `json:"environment"`
	Ref         source.Excerpt `json:"ref"`
	SHA         string         `json:"sha"`
	CreatedAt   string         `json:"created_at"`
}

type deployState struct {
	State          string         `json:"state"`
	Environment    source.Excerpt `json:"environment"`
	Description    source.Excerpt `json:"description"`
	TargetURL      string         `json:"target_url"`
	LogURL         string         `json:"log_url"`
	EnvironmentURL string         `json:"environment_url"`
	UpdatedAt      string         `json:"updated_at"`
}

type sponsorship struct {
	Sponsor     *account `json:"sponsor"`
	Sponsorable *account `json:"sponsorable"`
	Tier        *named   `json:"tier"`
	CreatedAt   string   `json:"created_at"`
}

// alert is an alert of Dependabot, code scanning or secret scanning. The secret
// that the last one found is never read.
type alert struct {
	Number           int64          `json:"number"`
	HTMLURL          string         `json:"html_url"`
	CreatedAt        string         `json:"created_at"`
	UpdatedAt        string         `json:"updated_at"`
	DismissedReason  source.Excerpt `json:"dismissed_reason"`
	DismissedComment source.Excerpt `json:"dismissed_comment"`

	Dependency *struct {
		Package      *pkg           `json:"package"`
		ManifestPath source.Excerpt `json:"manifest_path"`
	} `json:"dependency"`
	Advisory      *advisory      `json:"security_advisory"`
	Vulnerability *vulnerability `json:"security_vulnerability"`

	Rule *struct {
		ID          source.Excerpt `json:"id"`
		Description source.Excerpt `json:"description"`
		Severity    string         `json:"severity"`
		Security    string         `json:"security_severity_level"`
	} `json:"rule"`
	Tool     *named `json:"tool"`
	Instance *struct {
		Ref     source.Excerpt `json:"ref"`
		Message *struct {
			Text source.Excerpt `json:"text"`
		} `json:"message"`
		Location *struct {
			Path source.Excerpt `json:"path"`
			Line int64          `json:"start_line"`
		} `json:"location"`
	} `json:"most_recent_instance"`

	SecretType     source.Excerpt `json:"secret_type"`
	SecretName     source.Excerpt `json:"secret_type_display_name"`
	Resolution     source.Excerpt `json:"resolution"`
	Validity       source.Excerpt `json:"validity"`
	PubliclyLeaked bool           `json:"publicly_leaked"`
	Bypassed       bool           `json:"push_protection_bypassed"`
}

type pkg struct {
	Ecosystem source.Excerpt `json:"ecosystem"`
	Name      source.Excerpt `json:"name"`
}

type vulnerability struct {
	Package  *pkg           `json:"package"`
	Severity string         `json:"severity"`
	Range    source.Excerpt `json:"vulnerable_version_range"`
	Fixed    *struct {
		Identifier source.Excerpt `json:"identifier"`
	} `json:"first_patched_version"`
}

type advisory struct {
	GHSA            source.Excerpt     `json:"ghsa_id"`
	CVE             source.Excerpt     `json:"cve_id"`
	Summary         source.Excerpt     `json:"summary"`
	Description     source.Excerpt     `json:"description"`
	Severity        string             `json:"severity"`
	HTMLURL         string             `json:"html_url"`
	UpdatedAt       string             `json:"updated_at"`
	Vulnerabilities few[vulnerability] `json:"vulnerabilities"`
}
