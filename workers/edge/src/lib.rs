//! The only code that meets the public: routing, credentials, problems.
