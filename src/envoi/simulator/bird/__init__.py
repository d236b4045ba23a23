"""Bird's face in three modes: the Bird API (gen3), Bird CRM Channels (gen2), MessageBird Conversations.

Written from the Bird fact sheet (November 2026), whose sections the modules name. Reached below /bird.
"""
